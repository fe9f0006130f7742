"""Notebooks: those in the repository run and print what they show, and what objects look like in one."""

import contextlib
import io
import json
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from brian2 import Hz, ms, mV

from neurosim import AllToAll, Network, Population, Projection, Recorder, simulate
from neurosim.experiment import Claim, default_display
from neurosim.experiment.notebook import NotebookDisplay
from neurosim.experiment.runner import CompletedRun
from neurosim.neurons import LIF, Poisson
from neurosim.rules import PairSTDP
from neurosim.store import Writer, open_results
from neurosim.synapses import ScaledPulse
from tests.documented import blocks, difference

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs").rglob("*.ipynb"))


def code_cells(path):
    """Yield the source of each code cell and the text that it is shown to print."""
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            streams = [output["text"] for output in cell["outputs"] if output["output_type"] == "stream"]
            yield "".join(cell["source"]), "".join("".join(text) for text in streams)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run_and_print_what_they_show(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", module)
    file = tmp_path / "page.py"
    file.write_text("\n".join(source for source, _ in code_cells(path)))
    module.__file__ = str(file)
    for source, shown in code_cells(path):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(source, file, "exec"), vars(module))  # noqa: S102
        assert difference(shown, out.getvalue()) == ""


def test_the_program_of_the_first_page_is_a_notebook():
    (program,) = (b.text for b in blocks((ROOT / "README.md").read_text("utf-8")) if b.language == "python")
    path = ROOT / "docs" / "notebooks" / "a-rule-of-ones-own.ipynb"
    code = "\n".join(source for source, _ in code_cells(path)).split()
    words = program.split()
    # All of it, in its order, with cells of its own between.
    rest = iter(code)
    assert all(word in rest for word in words)


def small(name="small"):
    return Network(name).add(
        Population("input", 5, Poisson(rate=200 * Hz)),
        Population("cells", 3, LIF()),
        Projection("drive", "input", "cells", ScaledPulse(quantum=5 * mV), AllToAll(), 0.5, rules=PairSTDP()),
        Recorder("input"),
        Recorder("cells", "v", every=10),
    )


def test_a_network_is_a_diagram_with_tables():
    html = small()._repr_html_()
    assert html.count("<svg") == 1 and "</svg>" in html
    text = re.sub(r"<[^>]*>", " ", html.split("</svg>")[1])
    for shown in (
        "cells",
        "LIF",
        "drive",
        "ScaledPulse on g_e",
        "AllToAll",
        "PairSTDP",
        "input.spikes, cells.v",
    ):
        assert shown in text


def test_recordings_are_a_table():
    simulation = simulate(small(), engine="brian2", seed=1)
    simulation.run(20 * ms)
    recordings = simulation.recordings()
    html = recordings._repr_html_()
    assert f"{len(recordings['input.spikes'].ids)} spikes of" in html and "20 samples of 3 values (V)" in html
    assert repr(recordings) == "<Recordings of network 'small': input.spikes, cells.v>"


CLAIM = Claim(
    "start",
    "It starts <b>low</b>.",
    source="Toy 1900",
    kind="theory",
    expected="0 ± 0.1",
    measured=0.05,
    verdict="holds",
    unit="mV",
    note="a note",
)


def test_results_and_claims_are_tables(tmp_path):
    with Writer(tmp_path / "r.h5") as writer:
        writer.write("walk/v", [1.0], ("time",), "mV", "v & more")
        writer.set_attributes(status="complete", title="A <toy>", claims=[CLAIM.json()])
    with open_results(tmp_path / "r.h5") as results:
        html, claims = results._repr_html_(), results.claims._repr_html_()
    assert "A &lt;toy&gt;" in html and "v &amp; more" in html and claims in html
    for shown in ("✓ holds", "It starts &lt;b&gt;low&lt;/b&gt;.", "a note", "0 ± 0.1", "0.05 mV", "Toy 1900"):
        assert shown in claims


def test_a_completed_run_shows_its_claims_and_its_figure(tmp_path):
    (tmp_path / "r.png").write_bytes(b"picture")
    html = CompletedRun(tmp_path / "r.h5", tmp_path / "r.png", [CLAIM], 1.25)._repr_html_()
    assert "✓ holds" in html and "data:image/png;base64,cGljdHVyZQ==" in html and "1.2 s" in html
    assert "<img" not in CompletedRun(tmp_path / "r.h5", None, [CLAIM], 1.25)._repr_html_()


def test_progress_is_one_table_that_is_updated_in_place(monkeypatch):
    shown = []

    def display(value, display_id):
        assert display_id is True and shown.append(value) is None
        return SimpleNamespace(update=shown.append)

    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(HTML=str, display=display))
    bars = default_display()
    assert isinstance(bars, NotebookDisplay)
    with bars.stage("walk"):
        bars.advance("walk", 1, 4, "<walking>")  # too soon to be shown
    assert len(shown) == 3
    assert "<progress></progress>" in shown[1] and 'value="1" max="1"' in shown[2]
    bars = NotebookDisplay(every=0.0)
    bars.started("run")
    bars.advance("run", 1, 4, "<walking>")
    assert 'value="1" max="4"' in shown[-1] and "1/4 &lt;walking&gt;" in shown[-1]
