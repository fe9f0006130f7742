"""The order of the house: which package may import which, no trace of a machine, nothing public undocumented."""

import ast
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).parents[1]

# From the ground up: a package imports from its own floor and from those below.
FLOORS = [
    {
        "neurosim.cache",
        "neurosim.errors",
        "neurosim.extras",
        "neurosim.brian",
        "neurosim.interrupts",
        "neurosim.markdown",
        "neurosim.markup",
        "neurosim.modules",
        "neurosim.palette",
        "neurosim.registry",
        "neurosim.rng",
        "neurosim.store",
        "neurosim.uninterrupted",
    },
    {"neurosim.model"},
    {
        "neurosim.analysis",
        "neurosim.bodies",
        "neurosim.datasets",
        "neurosim.neurons",
        "neurosim.rules",
        "neurosim.synapses",
        "neurosim.tasks",
    },
    {"neurosim.compiler"},
    {"neurosim.engines"},
    {"neurosim.export", "neurosim.gym", "neurosim.learning", "neurosim.plot", "neurosim.testing"},
    {"neurosim.experiment"},
    {
        "neurosim",
        "neurosim.__main__",
        "neurosim.bench",
        "neurosim.catalogue",
        "neurosim.cli",
        "neurosim.report",
        "neurosim.sweep",
    },
    {"neurosim.circuits"},
    {"neurosim.experiments"},
]
FLOOR = {package: number for number, packages in enumerate(FLOORS) for package in packages}
# Parts of one kind do not know those of another, but for these (importer, imported), each with its reason.
APART = FLOOR["neurosim.bodies"]
NEIGHBOURS: dict[tuple[str, str], str] = {}

# Links to the folders of these names in the root: what is installed has one name, and what is read first has one place.
LINKED = [ROOT / "neurosim" / name for name in ("circuits", "experiments")]
# rglob follows no links; that it begins at one is fine.
MODULES = sorted({path for top in (ROOT / "neurosim", *LINKED) for path in top.rglob("*.py")})

NOT_OURS = re.compile(r"__pycache__|build|dist|results|.*\.egg-info|\.(?!ci$|gitignore$|pre-commit).*")
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".cff", ".cfg", ".txt", ".json", ".csv", ""}
# Written in pieces, so that this file does not find itself.
MACHINE_PATH = "(?<![\\w.])/(?:{})/\\w|\\.\\./{}".format(
    "|".join(("work", "root", "tmp", "home", "Users")), "shared"
)
UNFINISHED = r"\b(?:{}DO|{}ME|{}X)\b".format("TO", "FIX", "XX")
TRACE = re.compile(f"{MACHINE_PATH}|{UNFINISHED}")


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def package_of(module: str) -> str:
    """Return what has a floor: 'neurosim.rng' for neurosim.rng.draws, or what is not ours: 'numpy' for numpy.fft."""
    top, *rest = module.split(".")
    return f"{top}.{rest[0]}" if top == "neurosim" and rest else top


def imports(module: str, is_package: bool, source: str) -> Iterator[str]:
    """Yield the packages that the source of a module imports."""
    parents = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (package_of(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            near = parents[: len(parents) + 1 - node.level] if node.level else []
            base = ".".join([*near, *filter(None, [node.module])])
            # `from neurosim import rng` is about a package, `from neurosim import Network` about the front door.
            inner = (
                {f"neurosim.{alias.name}" for alias in node.names} & set(FLOOR) if base == "neurosim" else ()
            )
            yield from inner or [package_of(base)]


def complaints(module: str, source: str, is_package: bool = False) -> list[str]:
    here = package_of(module)
    if here not in FLOOR:
        return [f"{here} has no floor: add it to FLOORS"]
    found = []
    for there in imports(module, is_package, source):
        if there.split(".")[0] != "neurosim" or there == here:
            continue
        if there not in FLOOR:
            found.append(f"{module} imports {there}, which has no floor")
        elif FLOOR[there] > FLOOR[here]:
            found.append(f"{module} imports {there}, which is above it")
        elif FLOOR[there] == FLOOR[here] == APART and (here, there) not in NEIGHBOURS:
            found.append(f"{module} imports its neighbour {there}")
    return found


def texts() -> Iterator[Path]:
    for directory, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not NOT_OURS.fullmatch(name)]
        names = (name for name in files if not NOT_OURS.fullmatch(name) and Path(name).suffix in TEXT)
        yield from (Path(directory, name) for name in names)


def undocumented(source: str) -> list[str]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    public = (n for n in ast.parse(source).body if isinstance(n, kinds) and not n.name.startswith("_"))
    return [node.name for node in public if not ast.get_docstring(node)]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path):
    assert complaints(name_of(path), path.read_text(), path.name == "__init__.py") == []


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        ("neurosim.model.network", "import neurosim.engines.fused", "neurosim.engines, which is above it"),
        ("neurosim.model.network", "from neurosim import engines", "neurosim.engines, which is above it"),
        ("neurosim.model.network", "from ..engines import lowering", "neurosim.engines, which is above it"),
        ("neurosim.rules.oja", "from neurosim import Network", "neurosim, which is above it"),
        (
            "neurosim.circuits.swimmer",
            "def f():\n    import neurosim.experiments.swimmer.study",
            "neurosim.experiments, which is above it",
        ),
        ("neurosim.bodies.arm", "from neurosim.tasks.reach import Reach", "its neighbour neurosim.tasks"),
        ("neurosim.cli.app", "import neurosim.attic", "neurosim.attic, which has no floor"),
        ("neurosim.attic.x", "import numpy", "neurosim.attic has no floor"),
    ],
)
def test_an_import_that_climbs_is_seen(module, source, complaint):
    assert len(found := complaints(module, source)) == 1
    assert complaint in found[0]


@pytest.mark.parametrize(
    "source",
    ["import numpy", "from . import threefry", "from neurosim import rng", "from ..rng.draws import normal"],
)
def test_an_import_from_below_is_fine(source):
    assert complaints("neurosim.rng.draws", source) == []
    assert complaints("neurosim.engines.fused", "import neurosim.model, neurosim.rules.oja") == []


def module_imports(module: str, source: str, known: frozenset[str]) -> Iterator[str]:
    """Yield the modules of the house that the source of a module imports, those for types alone left out."""
    tree = ast.parse(source)
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & known
            yield from inner or {node.module} & known
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)


def circles(sources: dict[str, str]) -> list[list[str]]:
    known = frozenset(sources)
    imports = nx.DiGraph(
        (module, there)
        for module, source in sources.items()
        for there in module_imports(module, source, known)
    )
    return [sorted(group) for group in nx.strongly_connected_components(imports) if len(group) > 1]


@pytest.mark.parametrize("folder", LINKED, ids=lambda path: path.name)
def test_the_links_to_circuits_and_experiments_are_links(folder):
    # Git on Windows writes a text file in place of a link unless it is told: git config core.symlinks true
    assert (folder / "__init__.py").is_file()


def test_no_modules_import_each_other():
    assert circles({name_of(path): path.read_text() for path in MODULES}) == []


def test_a_circle_is_seen():
    aside = "if TYPE_CHECKING:\n    from a import f"
    assert circles({"a": "import b", "b": "def f():\n    from a import f"}) == [["a", "b"]]
    assert circles({"a": "import b", "b": aside}) == []


def test_no_package_holds_a_quarter_of_the_code():
    lines: Counter[str] = Counter()
    for path in MODULES:
        name = name_of(path)
        # Studies do not know one another: however many there are, each is a package of its own.
        study = name.startswith("neurosim.experiments.")
        lines[".".join(name.split(".")[:3]) if study else package_of(name)] += path.read_text().count("\n")
    package, most = lines.most_common(1)[0]
    assert most < lines.total() / 4, package


def test_no_file_has_a_machine_path_or_an_unfinished_mark():
    files = list(texts())
    assert {"README.md", "run", "pyproject.toml", "test_house.py"} <= {path.name for path in files}
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if TRACE.search(line)
    ]
    assert found == []


def test_a_trace_is_seen():
    seen = ["in /{}/x.h5", "'/{}/x'", "(/{}/a)"]
    assert all(TRACE.search(text.format(folder)) for text in seen for folder in ("ro" + "ot", "tm" + "p"))
    assert TRACE.search("# TO" + "DO: later")
    assert not any(
        TRACE.search(text) for text in ("https://example.org/work/a", "a/home/b", "methods", "/work-rate")
    )


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_public_functions_and_classes_are_documented(path):
    assert undocumented(path.read_text()) == []


def test_a_missing_docstring_is_seen():
    assert undocumented("def f(): pass\nclass C:\n    'has one'\ndef _g(): pass\nclass D: pass") == ["f", "D"]
