"""The catalogue of rules says what the classes say, and is as it is committed."""

import re
from pathlib import Path

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second

from neurosim import NeuronRule, SynapticRule, modulator, own, parameter, post, pre, synapse
from neurosim.catalogue import pages, write_catalogue
from neurosim.catalogue.figures import panel
from neurosim.catalogue.pages import families, number, slug
from neurosim.errors import UnknownNameError
from neurosim.model.rule_facts import equations, family, kind, signals
from neurosim.rules import (
    GainAdaptation,
    GainWhitening,
    HomeostaticRewiring,
    LinearElements,
    PairSTDP,
    TsodyksMarkram,
)

COMMITTED = Path(__file__).parents[2] / "docs" / "rules"


def test_committed_pages_are_what_the_classes_say():
    assert {path.name for path in COMMITTED.glob("*.md")} == set(pages())
    for name, text in pages().items():
        assert (COMMITTED / name).read_text() == text, "write them anew: neurosim docs-rules docs/rules"


def test_every_family_has_its_figure():
    assert {path.stem for path in COMMITTED.glob("*.png")} == {slug(name) for name in families()}


@pytest.mark.parametrize(
    "rule", [rule for some in families().values() for rule in some], ids=lambda rule: rule.__name__
)
def test_every_rule_names_its_source_and_what_it_is_checked_against(rule):
    assert re.search(r"\b(19|20)\d\d\b|the project's own", rule.citation())
    assert rule.section("Checked") and "Checked" not in rule.citation()


class Everything(SynapticRule):
    """dw/dt = -w / tau, w rest of the tests.

    Source: Nobody 1900.
    Checked: nothing.
    """

    family = "of its own"
    tau = parameter(20 * ms, "time constant", low=0 * ms, high=1 * second)
    rate = parameter(3 * Hz, "rate")
    w_max = parameter(1 * mV, "largest weight", of_weight=True)
    reward = modulator("dopamine", "reward")
    x = pre.trace("dx/dt = -x/tau", initial=0.5)
    v = post.v
    c = synapse.variable("dc/dt = -c/tau")
    clock = "spike"
    on_pre = "x += 1"
    on_post = "c += x"
    dw = "reward * c * rate * w_max"


class Gain(NeuronRule):
    """dg/dt = eta * (1 - y).

    Source: Nobody 1900.
    """

    clock = "sample"
    eta = parameter(0.1, "rate")
    y, g = own.activity, own.gain("I")
    dg = "eta * (1 - y)"
    on_spike = ""


def test_facts_of_a_rule():
    assert (kind(Everything), family(Everything), family(Gain), kind(Gain)) == (
        "synaptic",
        "of its own",
        "homeostatic",
        "neuron",
    )
    assert signals(Everything) == ["post.v", "pre.spikes", "post.spikes", "dopamine"]
    assert equations(Everything) == [
        "dx/dt = -x/tau   (per presynaptic neuron, 0.5 at the start)",
        "dc/dt = -c/tau   (per synapse)",
        "dw/dt = reward * c * rate * w_max",
        "at a presynaptic spike: x += 1",
        "at a postsynaptic spike: c += x",
    ]
    assert equations(Gain) == ["after a presentation: g += eta * (1 - y)"]
    assert (Everything.citation(), Everything.section("Checked")) == ("Nobody 1900.", "nothing.")
    assert [number(value) for value in (20 * ms, 0.01 / second, 1e-4, 3)] == ["20 ms", "0.01", "0.0001", "3"]


def test_a_page_shows_parameters_with_unit_and_bounds():
    text = pages({"of its own": [Everything]})["of-its-own.md"]
    for row in (
        "| `tau` | 20 ms | s | ≥ 0 s, ≤ 1 s | time constant |",
        "| `rate` | 3 | Hz |  | rate |",
        "| `w_max` | 1 mV | of the weight |  | largest weight |",
        "| `reward` | `dopamine` | population |  | reward |",
    ):
        assert row in text.splitlines()
    assert "- checked: nothing." in text and "- source: Nobody 1900." in text


def test_pages_are_written_into_a_folder(tmp_path):
    paths = write_catalogue(tmp_path / "rules", figures=False)
    assert {path.name: path.read_text() for path in paths} == pages()


def test_a_window_shows_the_sum_of_its_pairs():
    shown = panel(PairSTDP(a_plus=1e-3, a_minus=2e-3))
    ((lags, change),) = shown.curves.values()
    at = int(np.flatnonzero(lags == 2.5)[0])
    # Every spike of one train forms a pair with every spike of the other.
    apart = np.array([100 * (post - pre) + 2.5 for pre in range(5) for post in range(5)])
    known = 1e-3 * np.exp(-apart[apart > 0] / 20).sum() - 2e-3 * np.exp(apart[apart < 0] / 20).sum()
    assert change[at] == pytest.approx(100 * known / 0.5, rel=1e-9)


@pytest.mark.slow
def test_a_train_shows_what_a_depressing_synapse_passes_on():
    shown = panel(TsodyksMarkram(U=0.5, tau_rec=800 * ms, tau_f=1e-3 * ms))
    (_, alone), (times, current) = shown.curves.values()
    first = np.argmax(alone > 0)
    # The first spike passes on U of the weight.
    assert current[first] / alone[first] == pytest.approx(0.5, rel=1e-6)
    assert current[np.searchsorted(times, 195)] < 0.2 * alone[np.searchsorted(times, 195)]


def test_elements_grow_and_shrink_along_the_line_of_their_calcium():
    shown = panel(LinearElements(tau_Ca=0.1 * second, beta_Ca=0.1, epsilon=0.05))
    (times, axonal) = next(curve for name, curve in shown.curves.items() if name.startswith("axonal"))
    # With fast calcium its mean is beta tau f: 0.02 of 0.05 at 2 Hz, and 0.08 at 8 Hz.
    growth = (axonal[times == 59] - axonal[times == 9]) / 50
    decline = (axonal[times == 119] - axonal[times == 69]) / 50
    assert growth / decline == pytest.approx((1 - 0.02 / 0.05) / (1 - 0.08 / 0.05), rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("rule", [GainAdaptation(), GainWhitening()], ids=lambda rule: type(rule).__name__)
def test_feedback_gains_bring_the_variance_back_to_its_target(rule):
    shown = panel(rule)
    (_, variance), (times, gain) = shown.curves.values()
    before, after = ((times > 0.8 * at) & (times <= at) for at in (times[-1] / 2, times[-1]))
    # sigma/(1 + g) = 1 in a loop that settles; an input that has only just changed is filtered.
    for part, known in ((before, 0.5), (after, 2.0)):
        assert variance[part].mean() == pytest.approx(1, abs=0.1)
        assert gain[part].mean() == pytest.approx(known, abs=0.1)


@pytest.mark.slow
def test_rewired_cells_come_to_their_set_point_and_back():
    calcium, lesioned, _ = (y for _, y in panel(HomeostaticRewiring()).curves.values())
    assert calcium[12:24].mean() == pytest.approx(1, abs=0.1)
    assert lesioned[25:28].mean() < 0.5 and lesioned[36:].mean() == pytest.approx(1, abs=0.2)


def test_an_unknown_family_is_named_before_anything_is_written(tmp_path):
    with pytest.raises(UnknownNameError, match="family 'gians': did you mean"):
        write_catalogue(tmp_path / "rules", only="gians")
    assert not (tmp_path / "rules").exists()
