"""Named events of neurons: when they happen, what they do, and that projections, rules and recorders answer to them."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import ms, mV
from numpy.testing import assert_allclose, assert_array_equal

import neurosim as ns
from neurosim import (
    AllToAll,
    Edges,
    Network,
    Population,
    Projection,
    Recorder,
    SynapticRule,
    parameter,
    simulate,
)
from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.rule import post, pre
from neurosim.model.serial import from_json, to_json
from neurosim.neurons import SpikeTrain
from neurosim.store import open_results
from neurosim.synapses import Pulse
from tests.references import EACH

ENGINES = ("fused", "brian2", "jax")
DT = 0.1 * ms


class EventfulNeuron(ns.NeuronModel):
    """A leaky neuron that crosses half of its threshold on the way, and notes how often."""

    tau = parameter(10 * ms, "time constant", low=0 * ms)
    drive = parameter(12 * mV, "drive")
    half = parameter(5 * mV, "where the event happens")
    equations = """dv/dt = (drive - v)/tau : volt
        above = v - half : volt
        below : 1
        crossings : 1
        last : second"""
    initial = {"below": 1.0}
    threshold = "v > 10*mV"
    reset = "v = 0*mV; below = 1"
    events = {"crossing": "above > 0*mV and below > 0", "high": "v > 9.9*mV"}
    on_event = {"crossing": "below = 0; crossings += 1; last = t"}
    method = "exact"


class EventPulse(ns.SynapseModel):
    """A pulse at a spike, and one of the other sign at a crossing, later."""

    port = ns.option("v", "variable of the target")
    delay_2 = parameter(0.4 * ms, "delay of the second pathway", low=0 * ms)
    on_pre = "{port}_post += w"
    second_pathway = pre.at("{port}_post -= 2*w", event="crossing", delay="delay_2")


class EventCount(SynapticRule):
    """Counts, at a synapse, spikes and events of both ends."""

    clock = "spike"
    lag = parameter(0.3 * ms, "delay of a pathway", low=0 * ms)
    on_pre = "w += 1"
    crossed = pre.at("w += 100", event="crossing", delay="lag")
    back = post.at("w += 10000", event="crossing")


def network(source="a", target="b", rules=(), synapse=None, delay=0 * ms, connect=None):
    """Three neurons of different drives onto two."""
    return Network("events", dt=DT).add(
        Population("a", 3, EventfulNeuron(drive=[8, 12, 20] * mV)),
        Population("b", 2, EventfulNeuron(drive=[13, 16] * mV)),
        Projection(
            "p", source, target, synapse or NoEffect(), connect or AllToAll(), 0.0, delay, rules=rules
        ),
        Recorder("a"),
        Recorder("a.crossing"),
        Recorder("b.crossing[1:]"),
    )


class NoEffect(ns.SynapseModel):
    """A synapse that passes nothing on."""

    port = ns.option("v", "variable of the target")
    on_pre = "{port}_post += 0*w*mV"


def closed_form(drive, threshold, level):
    """The first step at whose end v = drive (1 - exp(-t/tau)) lies above a level, and the period of spikes (steps)."""
    steps = [int(np.floor(-10 * np.log(1 - x / drive) / 0.1)) for x in (level, threshold)]
    return steps[0], steps[1] + 1


@pytest.mark.parametrize("engine", EACH)
def test_times_of_events_are_the_closed_form(engine):
    """Once per interval, at the step at which the potential has passed the level; what the event does is done once."""
    running = simulate(network(), engine=engine)
    running.run(40 * ms)
    running.run(10 * ms)
    found = running.recordings()
    first, period = closed_form(12, 10, 5)
    expected = np.arange(first, 500, period)
    crossing = found["a.crossing.spikes"]
    assert_array_equal(crossing.steps[crossing.ids == 1], expected)
    assert_array_equal(
        found["a.spikes"].steps[found["a.spikes"].ids == 1], np.arange(period - 1, 500, period)
    )
    assert_array_equal(running.get("a.crossings"), np.bincount(crossing.ids, minlength=3))
    assert_allclose(running.get("a.last")[1] / ms, expected[-1] * 0.1)
    assert set(found["b.crossing.spikes"].ids) == {1}
    assert "a.crossing" in running.step()


@pytest.mark.parametrize("engine", EACH)
@pytest.mark.parametrize("named", [False, True], ids=["pathways", "ends"])
def test_rules_answer_to_events(engine, named):
    """By pathways of their own, with a delay, or because the projection names the event in the place of spikes."""
    rule = EventCount()
    running = simulate(
        network("a.crossing" if named else "a", "b", rule, connect=Edges([2, 0, 1], [0, 1, 1])), engine=engine
    )
    running.run(39.8 * ms)
    found = running.recordings()
    spikes, crossings = (np.bincount(found[f"a.{n}spikes"].ids, minlength=3) for n in ("", "crossing."))
    late = found["a.crossing.spikes"]
    arrived = np.bincount(late.ids[late.steps < 398 - 3], minlength=3)
    back = running.get("b.crossings")
    first = crossings if named else spikes
    expected = [first[i] + 100 * arrived[i] + 10000 * back[j] for i, j in ((2, 0), (0, 1), (1, 1))]
    assert_array_equal(running.get("p.w"), expected)


@pytest.mark.parametrize(
    "delays",
    [pytest.param(0.2 * ms, marks=pytest.mark.slow), np.array([0.1, 0.2, 0.3]) * ms],
    ids=["one", "many"],
)
def test_engines_agree(delays):
    """Synapses with two pathways, events at both ends and subgroups."""
    values = []
    for engine in ENGINES:
        described = network(
            "a[:2]", "b.crossing", EventCount(), EventPulse(), delays, Edges([1, 0, 1], [0, 1, 1])
        )
        described.add(Projection("back", "b.crossing", "a", Pulse(port="v"), AllToAll(), 0.3 * mV, 0.5 * ms))
        running = simulate(with_weight(described, 0.2), engine=engine)
        running.run(20.3 * ms)
        running.restore(running.state())
        running.run(10 * ms)
        found = running.recordings()
        values.append(
            np.concatenate(
                [running.get("p.w") / mV, running.get("b.v") / mV, found["a.crossing.spikes"].steps]
            )
        )
    for other in values[1:]:
        assert_allclose(other, values[0], rtol=1e-9)


def with_weight(described, weight):
    """The network with weights in volts, that rules in volts change."""
    changed = Network(described.name, described.dt)
    for part in described.parts():
        if getattr(part, "name", "") == "p":
            part = Projection(
                "p",
                "a",
                "b",
                EventPulse(),
                part.connect,
                weight * mV,
                part.delay,
                rules=VoltCount(),
                events=part.events,
            )  # fmt: skip
        changed.add(part)
    return changed


class VoltCount(SynapticRule):
    """As EventCount, in volts."""

    clock = "spike"
    lag = parameter(0.3 * ms, "delay of a pathway", low=0 * ms)
    step = parameter(1 * mV, "change")
    on_pre = "w += 0.001*step"
    crossed = pre.at("w += 0.02*step", event="crossing", delay="lag")
    back = post.at("w -= 0.01*step", event="crossing")


def test_the_same_as_custom_events_of_brian2():
    """Events, statements at them and synapses on them, in a script of Brian2."""
    b2.prefs.codegen.target = "numpy"
    group = b2.NeuronGroup(
        3,
        """dv/dt = (drive - v)/(10*ms) : volt
        drive : volt
        below : 1""",
        threshold="v > 10*mV",
        reset="v = 0*mV; below = 1",
        events={"crossing": "v > 5*mV and below > 0"},
        method="exact",
        dt=DT,
    )
    group.drive, group.below = [8, 12, 20] * mV, 1
    group.run_on_event("crossing", "below = 0")
    target = b2.NeuronGroup(2, "dg/dt = -g/(5*ms) : 1", method="exact", dt=DT)
    synapses = b2.Synapses(
        group, target, on_pre="g_post += 1", on_event={"pre": "crossing"}, dt=DT, delay=0.5 * ms
    )
    synapses.connect()
    monitor = b2.EventMonitor(group, "crossing")
    b2.Network(group, target, synapses, monitor).run(30 * ms)
    ours = Network("events", dt=DT).add(
        Population("a", 3, EventfulNeuron(drive=[8, 12, 20] * mV)),
        Population("b", 2, FilteredCount()),
        Projection("p", "a.crossing", "b", Pulse(port="g"), AllToAll(), 1.0, 0.5 * ms),
        Recorder("a.crossing"),
    )
    running = simulate(ours)
    running.run(30 * ms)
    found = running.recordings()["a.crossing.spikes"]
    assert_array_equal(found.ids, monitor.i[:])
    assert_allclose(found.times / ms, monitor.t / ms)
    assert_allclose(running.get("b.g"), target.g[:], rtol=1e-12)


class FilteredCount(ns.NeuronModel):
    """What arrives, filtered."""

    equations = "dg/dt = -g/(5*ms) : 1"


def test_storage_and_files(tmp_path):
    """A network whose projections and recorders name events survives JSON; what was recorded is written and read."""
    described = network("a.crossing", "b.crossing", EventCount())
    again = from_json(to_json(described))
    assert to_json(again) == to_json(described)
    assert again.projections["p"].events == {"pre": "crossing", "post": "crossing"}
    running = simulate(again)
    running.run(10 * ms)
    found = running.recordings()
    file = found.save(tmp_path / "events.h5")
    with open_results(file) as results:
        assert_array_equal(results.spikes("a.crossing").ids, found["a.crossing.spikes"].ids)


class UnknownEvent(SynapticRule):
    """A pathway of an event that the neurons do not have."""

    clock = "spike"
    on_pre = "w += 1"
    late = pre.at("w += 1", event="crosing")


def test_what_does_not_exist_is_refused():
    """In one line, with what there is."""
    for make, error, message in (
        (
            lambda: network("a.crosing"),
            UnknownNameError,
            "'a' has no event 'crosing': did you mean 'crossing'",
        ),
        (lambda: simulate(network(rules=UnknownEvent())), UnknownNameError, "did you mean 'crossing'"),
        (lambda: network().add(Recorder("a.hig")), UnknownNameError, "did you mean 'a.high'"),
        (
            lambda: network().add(Recorder("a.high", "v")),
            DescriptionError,
            "an event has a time and nothing else",
        ),
        (
            lambda: simulate(network(synapse=EventPulse(delay_2=[1, 2] * ms))),
            DescriptionError,
            "delay",
        ),
    ):
        with pytest.raises(error, match=message):
            make()


class RaisedBefore(SynapticRule):
    """The weight rises at each spike, before that is passed on."""

    clock = "spike"
    on_pre = "w += 1"
    passes = "after"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_spike_is_passed_on_after_what_it_changes(engine):
    """A weight of 0 that the spike raises to 1, and the next to 2, is what the target gets: 3 in all, not 1."""
    described = Network("order", dt=DT).add(
        Population("a", 1, SpikeTrain(times=[1, 2] * ms, ids=[0, 0])),
        Population("b", 1, HeldCount()),
        Projection("p", "a", "b", Pulse(port="g"), AllToAll(), 0.0, 0.3 * ms, rules=RaisedBefore()),
    )
    running = simulate(described, engine=engine)
    running.run(3 * ms)
    assert_allclose(running.get("b.g"), [3])


class HeldCount(ns.NeuronModel):
    """What has arrived."""

    equations = "g : 1"
