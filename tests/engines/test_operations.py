"""Operations at regular times, conditions that end a run, functions that are called, against Brian2."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import ms, mV, second

import neurosim as ns
from neurosim.errors import DescriptionError, EngineRefusal, RunFailed, UnknownNameError
from neurosim.neurons import LIF, Poisson
from neurosim.synapses import Pulse

ENGINES = ["fused", *(pytest.param(e, marks=pytest.mark.slow) for e in ("brian2", "jax"))]


class Driven(ns.NeuronModel):
    """Leaky neuron whose drive is set from outside. dv/dt = (drive - v)/tau;  v, drive (V), tau (s), n spikes (1)."""

    tau = ns.parameter(10 * ms, "membrane time constant", low=0 * ms)
    rest = ns.parameter(1 * ms, "refractory period", low=0 * ms)
    equations = """
    dv/dt = (drive - v)/tau : volt (unless refractory)
    drive : volt
    n : 1
    """
    threshold = "v > 10*mV"
    reset = "v = 0*mV; n += 1"
    refractory = "rest"
    method = "exact"


START = {"drive": [9, 12, 20] * mV}
RECORDERS = (ns.Recorder("cells", "drive"), ns.Recorder("cells", "v"), ns.Recorder("cells"))


def network(*parts):
    return ns.Network("regular").add(ns.Population("cells", 3, Driven(), START), *RECORDERS, *parts)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_operation_is_what_brian2_runs_regularly(engine):
    statements = "change = drive/4\ndrive += change*sin(t/(2*ms)) + n*mV/10"
    simulation = ns.simulate(network(ns.Operation("cells", statements, 2.5 * ms)), engine)
    simulation.run(40 * ms)
    group = b2.NeuronGroup(
        3,
        "dv/dt = (drive - v)/(10*ms) : volt (unless refractory)\ndrive : volt\nn : 1",
        threshold="v > 10*mV",
        reset="v = 0*mV; n += 1",
        refractory=1 * ms,
        method="exact",
        codeobj_class=b2.codegen.runtime.numpy_rt.NumpyCodeObject,
        clock=b2.Clock(0.1 * ms),
    )
    group.drive = START["drive"]
    group.run_regularly(statements, dt=2.5 * ms, codeobj_class=group.codeobj_class)
    spikes = b2.SpikeMonitor(group, codeobj_class=group.codeobj_class)
    drive = b2.StateMonitor(
        group, "drive", record=True, codeobj_class=group.codeobj_class, when="after_start"
    )
    b2.Network(group, spikes, drive).run(40 * ms, namespace={"mV": mV, "ms": ms})
    found = simulation.recordings()
    assert len(found["cells.spikes"].ids) > 5
    np.testing.assert_allclose(found["cells.drive"].values.T, np.asarray(drive.drive), rtol=1e-10)
    assert np.array_equal(found["cells.spikes"].ids, spikes.i[:])
    np.testing.assert_allclose(found["cells.spikes"].times / ms, spikes.t / ms)


class Held(Driven):
    """Driven, refractory by a condition."""

    refractory = "n > 0 and t < 5*ms"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("model", [Driven(rest=4 * ms), Held()])
def test_an_operation_leaves_what_is_held_while_a_neuron_is_refractory(engine, model):
    made = ns.Network("held", dt=1 * ms).add(
        ns.Population("cells", 1, model, {"v": 12 * mV}),
        ns.Operation("cells", "v += 1*mV; drive += 1*mV", 1 * ms),
        ns.Recorder("cells", "v"),
        ns.Recorder("cells", "drive"),
    )
    whole, split = ns.simulate(made, engine), ns.simulate(made, engine)
    whole.run(8 * ms)
    for _ in range(8):
        split.step()
        split.restore(split.checkpoint())
    v = whole.recordings()["cells.v"].values.ravel() * 1e3
    assert np.array_equal(v, split.recordings()["cells.v"].values.ravel() * 1e3)
    # It spikes in step 0. A period ends with step 4; a condition is looked at in step 5, after the operation.
    free = 4 if model.refractory == "rest" else 6
    assert v[0] == pytest.approx(13) and not np.any(v[1:free]) and v[free] >= 1
    assert whole.recordings()["cells.drive"].values.ravel() * 1e3 == pytest.approx(np.arange(1, 9))


@pytest.mark.parametrize("engine", ENGINES)
def test_operations_draw_and_begin_when_they_are_told(engine):
    made = network(
        ns.Operation("cells", "drive = (11 + rand())*mV", 2 * ms, start=1 * ms),
        ns.Operation("cells", "drive = 2*drive", 4 * ms, start=1 * ms),
        ns.Clamp("cells", "drive", 5 * mV, indices=(1,), start=6 * ms),
    )
    whole, split = (ns.simulate(made, engine, seed=3) for _ in range(2))
    whole.run(12 * ms)
    for steps in (9, 1, 1, 30, 79):
        split.run(steps * 0.1 * ms)
        split.restore(split.checkpoint())
    drive = whole.recordings()["cells.drive"].values
    assert np.array_equal(drive, split.recordings()["cells.drive"].values)
    changes = 1 + np.flatnonzero(np.any(np.diff(drive, axis=0) != 0, axis=1))
    assert changes.tolist() == [10, 30, 50, 60, 70, 90, 110]
    assert np.all((drive[10] >= 0.022) & (drive[10] < 0.024)) and len(set(drive[30])) == 3
    assert np.all(drive[60:, 1] == 0.005) and not np.any(drive[60:, 0] == 0.005)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_condition_ends_a_run_at_its_step(engine):
    made = network(ns.Stop("enough", "cells", "n > 2"), ns.Stop("late", "cells", "t > 59.95*ms and v > 0*mV"))
    steps = ns.simulate(network(), engine)
    while not np.any(steps.get("cells.n") > 2):
        steps.step()
    run = ns.simulate(made, engine)
    run.run(50 * ms)
    assert run.stopped == "enough" and run.now == steps.now > 100
    assert np.array_equal(run.get("cells.v"), steps.get("cells.v"))
    for key in ("cells.v", "cells.drive"):
        assert np.array_equal(run.recordings()[key].values, steps.recordings()[key].values)
    run.run(1 * ms)  # still true: a run takes at least one step
    assert run.now == steps.now + 1 and run.stopped == "enough"
    run.set("cells.n", -100)
    run.run(1 * ms)
    assert run.stopped is None and run.now == steps.now + 11
    run.run(100 * ms)
    assert run.stopped == "late" and run.now == 601


def test_a_function_is_called_at_multiples_of_a_time():
    seen = []

    def raise_drive(simulation):
        seen.append(simulation.now)
        simulation.set("cells.drive", simulation.get("cells.drive") + 1 * mV)

    raised = ns.Operation("cells", "drive += 1*mV", 2 * ms)
    whole, split, operated = (ns.simulate(network(*parts)) for parts in ((), (), (raised,)))
    whole.run(11 * ms, call=raise_drive, every=2 * ms)
    assert seen == [0, 20, 40, 60, 80, 100]
    for duration in (0.7, 1.3, 2, 6.9, 0.1):
        split.run(duration * ms, call=raise_drive, every=2 * ms)
    operated.run(11 * ms)
    for other in (split, operated):
        assert np.array_equal(whole.recordings()["cells.v"].values, other.recordings()["cells.v"].values)
    with pytest.raises(DescriptionError, match="call and every go together"):
        whole.run(1 * ms, call=raise_drive)
    with pytest.raises(DescriptionError, match="every = 0. s is not positive"):
        whole.run(1 * ms, call=raise_drive, every=0 * second)
    with pytest.raises(RunFailed, match="running already"):
        whole.run(1 * ms, call=lambda simulation: simulation.run(1 * ms), every=1 * ms)


@pytest.mark.parametrize(
    ("part", "error", "message"),
    [
        (ns.Operation("cell", "v = 0*mV", 1 * ms), UnknownNameError, "no population 'cell': did you mean 'cells'"),
        (ns.Operation("cells[1:]", "v = 0*mV", 1 * ms), DescriptionError, "names some neurons: name the population"),
        (ns.Operation("drive", "w = 0", 1 * ms), DescriptionError, "is a projection: give its synapse a rule, or call"),
        (ns.Operation("cells", "tau = 1*ms", 1 * ms), DescriptionError, "writes 'tau', which is no state"),
        (ns.Operation("cells", "v = 1", 1 * ms), DescriptionError, "has no unit where V is needed"),
        (ns.Operation("cells", "n = int(not_refractory)", 1 * ms), DescriptionError, "not_refractory belongs into"),
        (ns.Operation("cells", "v = 0*mV", 0.25 * ms), DescriptionError, "not a whole number of steps of 100. us"),
        (ns.Stop("late", "cells", "v"), DescriptionError, "'v' is not a condition"),
        (ns.Stop("cells", "cells", "v > 0*mV"), DescriptionError, "the name 'cells' is already taken"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(part, error, message):
    with pytest.raises(error, match=message):
        ns.simulate(
            network(
                ns.Population("input", 2, Poisson()),
                ns.Population("others", 2, LIF()),
                ns.Projection("drive", "input", "others", Pulse(), ns.AllToAll(), 1 * mV),
                part,
            )
        )


def test_operations_are_checked_and_described():
    for wrong, message in (
        (lambda: ns.Operation("cells", " ", 1 * ms), "statements is empty"),
        (lambda: ns.Operation("cells", "v = 0*mV", 0 * ms), "every = .* is not positive"),
        (lambda: ns.Operation("cells", "v = 0*mV", 1 * ms, start=-1 * ms), "start = .* is negative"),
        (lambda: ns.Stop("a b", "cells", "v > 0*mV"), "stop name 'a b'"),
    ):
        with pytest.raises(DescriptionError, match=message):
            wrong()
    made = network(ns.Operation("cells", "v = 0*mV", 1 * ms), ns.Stop("late", "cells", "t > 1*second"))
    assert ns.to_json(ns.from_json(ns.to_json(made))) == ns.to_json(made)
    assert "every 1. ms, cells: v = 0*mV" in str(made) and "stops when cells: t > 1*second" in str(made)
    from neurosim.engines.jax.functions import compile_functions

    with pytest.raises(
        EngineRefusal, match="stop 'late': functions take as many steps as they are asked for"
    ):
        compile_functions(made)
