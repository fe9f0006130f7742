"""A first version of a new rule and of its tests, to be filled in."""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import Path

from neurosim.errors import UsageError
from neurosim.model.registries import rules

_RULE = '''"""{name}: say here in one line what the rule is for."""

from brian2 import second

from neurosim import SynapticRule, parameter, post, pre


class {name}(SynapticRule):
    """{name}: say here what the rule does.

    dw/dt = eta * x * y - decay * w;  x, y pre- and postsynaptic activity (1), w weight (1), eta rate of growth (1/s),
    decay rate of forgetting (1/s).
    Source: authors, year, journal, doi.
    """

    # A parameter: its default with a unit, what it means, and bounds. With `of_weight=True` it takes whatever
    # unit the weight has.
    eta = parameter(0.1 / second, "rate of growth", low=0 / second)
    decay = parameter(0.1 / second, "rate of forgetting", low=0 / second)

    # When it acts: 'continuous' (dw below) or 'spike' (on_pre and on_post below).
    clock = "continuous"

    # What it reads: pre.activity, post.activity, post.v, post.variable("g_e"). `activity` exists in spiking and in
    # rate populations, so the rule runs on both.
    x, y = pre.activity, post.activity

    # What it does to the weight w.
    dw = "eta * x * y - decay * w"

    # A rule of spikes keeps traces instead, and reads them before it adds to them:
    #   clock = "spike"
    #   x = pre.trace("dx/dt = -x/tau")
    #   y = post.trace("dy/dt = -y/tau")
    #   on_pre = "w -= a_minus * y; x += 1"
    #   on_post = "w += a_plus * x; y += 1"
    # Bounds hold after every change (import Bounds):
    #   then = Bounds(0, "w_max")
'''

_TEST = '''"""Tests of {name}: run `python -m pytest {test}`."""

from pathlib import Path

import numpy as np
import pytest
from brian2 import second

from neurosim import AllToAll, Network, Population, Projection, simulate
from neurosim.neurons import GradedUnit, Signal
from neurosim.synapses import Graded
from neurosim.testing import check_rule, load_rule

{name} = load_rule(f"{{Path(__file__).with_name('{file}')}}:{name}")


def test_keeps_the_contract():
    print(check_rule({name}))  # pytest -s shows which clauses were tried


@pytest.mark.parametrize("engine", ["fused", "brian2"])
def test_silent_synapse_forgets_exponentially(engine):
    # Replace this by what your rule is known for: a closed form, or a published number with its tolerance.
    rule = {name}(decay=1 / second)
    network = Network("one_synapse").add(
        Population("a", 1, Signal()),
        Population("b", 1, GradedUnit(transfer="identity")),
        Projection("a_to_b", "a", "b", Graded(), AllToAll(), 2.0, rules=rule),
    )
    simulation = simulate(network, engine)
    simulation.run(0.5 * second)
    assert simulation.get("a_to_b.w")[0] == pytest.approx(2 * np.exp(-0.5), rel=1e-3)
'''


def new_rule(name: str, folder: Path | str = ".") -> tuple[Path, Path]:
    """Write a rule with comments and a test file beside it; both work as they are.

    Arguments:
        name: of the class, such as 'FastHebb'.
        folder: where to write (created if it does not exist).

    Returns the paths of the rule, such as fast_hebb.py, and of its test, test_fast_hebb.py.
    Raises UsageError for a name that is taken or is not a class name, for files that already exist, and for a folder
    that cannot be written to.
    """
    stem = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name):
        raise UsageError(
            f"'{name}' is not a name for a rule: use letters and digits, a capital first, such as FastHebb"
        )
    if name in rules.names() or keyword.iskeyword(stem) or stem in sys.stdlib_module_names:
        raise UsageError(f"'{name}' is the name of a rule or module that exists: choose another name")
    paths = Path(folder) / f"{stem}.py", Path(folder) / f"test_{stem}.py"
    for path in paths:
        if path.exists():
            raise UsageError(f"'{path}' already exists: choose another name or folder")
    names = {"name": name, "file": paths[0].name, "test": paths[1].name}
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for path, text in zip(paths, (_RULE, _TEST), strict=True):
            path.write_text(text.format(**names), encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"'{folder}': cannot be written to ({error.strerror}): choose another folder"
        ) from error
    return paths
