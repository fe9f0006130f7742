"""Networks as models: what training keeps, padding, noise, gradients, one controller on three engines, refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from brian2 import ms, mV

from neurosim import AllToAll, Clamp, Network, Normal, Population, Projection, Recorder, simulate
from neurosim.engines.jax import Surrogate, compile_functions
from neurosim.errors import DescriptionError, EngineRefusal, UnknownNameError, UsageError
from neurosim.learning.bptt import (
    Objective,
    controller,
    mean_absolute,
    mean_square,
    network_model,
    scale_each,
    softmax_cross_entropy,
)
from neurosim.learning.protocol import Descend, Fresh, Learner, Shuffled, padded
from neurosim.model.parts import External
from neurosim.neurons import LIF, GradedUnit, LeakyRate, Signal
from neurosim.synapses import Graded
from tests.engines.jax_networks import JaxNoisy

N = 6


def recurrent(*more) -> Network:
    return Network("recurrent", 10 * ms).add(
        Population("x", 1, Signal()),
        Population("a", N, LeakyRate(tau=40 * ms)),
        Population("out", 1, GradedUnit(transfer="identity")),
        Projection("input", "x", "a", Graded(), AllToAll(), Normal(0.5, 0.1), sign=1),
        Projection("rec", "a", "a", Graded(), AllToAll(), Normal(0, 0.2)),
        Projection("read", "a", "out", Graded(), AllToAll(), Normal(0, 0.3)),
        Recorder("out", "output"),
        *more,
    )


TRAINED = ("input.w", "rec.w", "read.w", "a.bias", "a.tau")


def waves(trials=8, steps=20):
    phases = np.linspace(0, 6, trials, endpoint=False)[:, None, None]
    wave = np.sin(np.arange(steps)[None, :, None] / 3 + phases)
    return {"inputs": {"x": wave}, "target": np.roll(wave, 3, 1)}


SLOW_TAU = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(0.02), scale_each({"*.tau": 0.02}))


def learner_of(model, batches=None, terms=None, optimiser=SLOW_TAU, **options):
    batches = Shuffled(waves(), 4) if batches is None else batches
    objective = Objective(terms or {"error": mean_square("out.output")})
    return Learner(model, Descend(objective, optimiser), batches=batches, **options)


def test_training_of_weights_biases_and_time_constants_keeps_signs_masks_and_clamps():
    held = Clamp("a", "r", 0.5, indices=(0,), start=20 * ms, stop=100 * ms)
    network = recurrent(held, Recorder("a", "r"))
    mask = ~np.eye(N, dtype=bool)
    model = network_model(network, TRAINED, masks={"rec": mask})
    training = learner_of(model, every=150).train(300, seeds=[0, 1])
    losses = training.losses["loss"]
    assert (losses[:, -10:].mean(1) < 0.6 * losses[:, :10].mean(1)).all()
    for name in TRAINED:
        start = np.stack([model.initial(seed)[name] for seed in (0, 1)])
        assert np.abs(training.parameters[name] - start).max() > 1e-4, name
    assert (training.parameters["input.w"] >= 0).all()
    assert (training.parameters["a.tau"] > 0).all()
    assert (training.parameters["rec.w"].reshape(2, N, N)[:, ~mask] == 0).all()
    last = {name: value[0] for name, value in training.parameters.items()}
    rates = model.outcome(last, waves(), jax.random.key(0))["a.r"]
    np.testing.assert_array_equal(rates[:, 2:10, 0], 0.5)


def test_gradients_through_the_objective_are_those_of_finite_differences():
    with jax.enable_x64(True):
        model = network_model(recurrent(), TRAINED, dtype="float64")
        objective = Objective({"square": mean_square("out.output"), "size": mean_absolute("out.output")})
        start = {name: value for name, value in model.initial(0).items() if name in TRAINED}
        batch = waves(2, 9)

        @jax.jit
        def terms(parameters):
            return objective.measure(model.outcome(parameters, batch, jax.random.key(0)), batch), ()

        weights, shares = (
            objective.weights(1)[0],
            {name: s[0] for name, s in objective.shares(TRAINED, 1).items()},
        )
        slopes, _, _ = objective.gradient(terms, start, weights, shares)
        draw = np.random.default_rng(0)
        for name, value in start.items():
            way = draw.normal(size=value.shape)
            eps = 1e-6 * float(np.abs(value).max() + 1e-2)
            up, down = (float(terms({**start, name: value + s * eps * way})[0].sum()) for s in (1, -1))
            np.testing.assert_allclose(
                np.sum(slopes[name] * way), (up - down) / (2 * eps), rtol=1e-6, err_msg=name
            )


def test_the_gradient_of_spikes_is_the_closed_form_of_the_surrogate():
    """Slope of a spike: 0.3/width * max(0, 1 - |v - theta|/width) * dv/dw, v after the step, summed over steps."""
    theta, width, w = -40 * mV, 20 * mV, 3 * mV
    network = Network("spike", 1 * ms).add(
        Population("x", 1, Signal()),
        Population("e", 1, LIF(v_threshold=theta), {"v": -60 * mV}),
        Projection("drive", "x", "e", Graded(), AllToAll(), w),
        Recorder("e"),
        Recorder("e", "v"),
    )
    surrogate = Surrogate("triangle", width, 0.3)
    with jax.enable_x64(True):
        model = network_model(network, ("drive.w",), dtype="float64", surrogate=surrogate, detach_reset=True)
        batch = {"inputs": {"x": np.ones((1, 6, 1))}}
        start = {"drive.w": model.initial(0)["drive.w"]}

        def outcome(parameters):
            return model.outcome(parameters, batch, jax.random.key(0))

        volts = np.asarray(outcome(start)["e.v"])[0, :, 0]  # before each step; no spike in these steps
        assert outcome(start)["e.spikes"].sum() == 0
        slopes = np.asarray(jax.jacfwd(lambda p: outcome(p)["e.v"][0, :, 0])(start)["drive.w"]).reshape(6)
        found = jax.grad(lambda p: outcome(p)["e.spikes"][0, :5].sum())(start)["drive.w"].sum()
    distance = (volts[1:] - float(theta)) / float(width)
    expected = np.sum(0.3 / float(width) * np.maximum(0, 1 - np.abs(distance)) * slopes[1:])
    assert expected > 0
    np.testing.assert_allclose(found, expected, rtol=1e-9)


# Batches --------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_padded_trials_give_what_each_gives_alone():
    model = network_model(recurrent(Clamp("a", "r", 0.5, indices=(1,), stop=30 * ms)), TRAINED)
    draw = np.random.default_rng(0)
    trials = [
        {"inputs": {"x": draw.normal(size=(n, 1))}, "target": draw.normal(size=(n, 1)), "label": 0}
        for n in (5, 10, 14)
    ]
    sets = padded(trials, (10, 18))
    assert [set_["inputs"]["x"].shape for set_ in sets] == [(2, 10, 1), (1, 18, 1)]
    key, parameters = jax.random.key(0), model.initial(0)
    terms = {"square": mean_square("out.output"), "label": softmax_cross_entropy("out.output")}
    for set_, members in zip(sets, (trials[:2], trials[2:]), strict=True):
        together = model.outcome(parameters, set_, key)
        squares = []
        for row, trial in enumerate(members):
            one = jax.tree.map(lambda x: np.asarray(x)[None], trial)
            alone, n = model.outcome(parameters, one, key), len(trial["target"])
            np.testing.assert_allclose(together["out.output"][row, -n:], alone["out.output"][0], atol=1e-6)
            squares.append(float(terms["square"](alone, one)))
        counts = set_["lengths"]
        np.testing.assert_allclose(
            terms["square"](together, set_), np.average(squares, weights=counts), rtol=1e-5
        )
        assert terms["label"](together, set_) == 0  # of a single class


def test_a_mask_weighs_steps():
    outcome, batch = {"y": jnp.array([[[1.0], [2.0]]])}, {"target": np.zeros((1, 2, 1)), "w": [[0.0, 3.0]]}
    assert mean_square("y", mask="w")(outcome, batch) == 4


def test_every_trial_and_step_has_noise_of_its_own():
    network = Network("noise", 1 * ms).add(
        Population("n", 2, JaxNoisy()), Population("x", 1, Signal()), Recorder("n", "x")
    )
    model = network_model(network, ("n.tau",))
    batch = {"inputs": {"x": np.zeros((3, 12, 1))}}
    runs = [model.outcome({}, batch, jax.random.key(seed))["n.x"] for seed in (0, 0, 1)]
    np.testing.assert_array_equal(runs[0], runs[1])
    traces = np.concatenate([runs[0], runs[2]])[:, -1].ravel()
    assert len(set(traces.tolist())) == traces.size


# One controller, three engines ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_controller_gives_the_same_outputs_on_every_engine():
    network = Network("controller", 10 * ms).add(
        Population("senses", 3, Signal()),
        Population("hidden", 8, LeakyRate(tau=30 * ms, bias=0.1)),
        Population("muscles", 2, GradedUnit(transfer="logistic")),
        Projection("in", "senses", "hidden", Graded(), AllToAll(), Normal(0, 1)),
        Projection("rec", "hidden", "hidden", Graded(), AllToAll(), Normal(0, 0.5)),
        Projection("out", "hidden", "muscles", Graded(), AllToAll(), Normal(0, 1)),
    )
    batch, steps = 3, 40
    senses = np.random.default_rng(0).normal(size=(steps, batch, 3))
    with jax.enable_x64(True):
        functions = compile_functions(network, seed=5, dtype="float64")
        control, start = controller(
            functions, {}, lambda observation, cue: {"senses": observation}, "muscles"
        )
        _, found = jax.lax.scan(lambda memory, x: control(memory, x, None), start(batch), senses)
    assert found.shape == (steps, batch, 2)
    assert np.ptp(found, axis=0).min() > 0.05
    for engine in ("fused", "brian2", "jax"):
        for trial in range(1 if engine == "brian2" else batch):
            simulation = simulate(network, engine, seed=5)
            outputs = [simulation.step({"senses": row})["muscles"] for row in senses[:, trial]]
            np.testing.assert_allclose(found[:, trial], outputs, rtol=1e-9, err_msg=engine)


# Refusals -----------------------------------------------------------------------------------------------------------


def test_a_period_in_whole_steps_is_named_before_training():
    network = Network("refractory", 1 * ms).add(
        Population("x", 1, Signal()),
        Population("e", 1, LIF(v_threshold=-55 * mV)),
        Projection("drive", "x", "e", Graded(), AllToAll(), 3 * mV),
        Recorder("e"),
    )
    model = network_model(network, ("drive.w", "e.tau_ref"))
    batches = Shuffled({"inputs": {"x": np.ones((2, 30, 1))}}, 2)
    learner = learner_of(model, batches, {"count": mean_square("e.spikes", None)}, optax.sgd(0.1))
    with pytest.raises(
        DescriptionError, match=r"no gradient reaches 'e\.tau_ref': a refractory period counts"
    ):
        learner.train(1)


def test_an_external_is_named_before_training():
    network = recurrent(External("body", reads=("out.output",), writes={"x": "hand"}))
    with pytest.raises(EngineRefusal, match="external 'body' is a compiled function"):
        network_model(network, TRAINED)


def test_trials_begin_in_the_states_that_a_batch_says():
    network = Network("leaky", 1 * ms).add(
        Population("x", 1, Signal()),
        Population("r", 2, LeakyRate(tau=2 * ms, transfer="identity")),
        Projection("in", "x", "r", Graded(), AllToAll(), np.ones((2, 1))),
        Recorder("r", "r"),
    )
    start = np.array([[1.0, 2.0], [3.0, -4.0]])
    batch = {"inputs": {"x": np.zeros((2, 4, 1))}, "lengths": np.array([4, 2]), "start": {"r.r": start}}
    found = network_model(network, ("in.w",)).run({}, batch)["r.r"]
    decay = np.exp(-0.5 * np.arange(4))[:, None]
    np.testing.assert_allclose(found[0], start[0] * decay, rtol=1e-6)
    # The second trial begins after two steps of padding.
    np.testing.assert_allclose(found[1, 2:], start[1] * decay[:2], rtol=1e-6)


def fresh(**batch):
    return Fresh(lambda key: batch)


@pytest.mark.parametrize(
    ("batches", "error", "match"),
    [
        (fresh(target=1.0), UsageError, "batch: no 'inputs'"),
        (fresh(inputs={"y": np.ones((2, 5, 1))}), UnknownNameError, "batch: input 'y'"),
        (
            fresh(inputs={"x": np.ones((2, 5, 3))}),
            UsageError,
            r"'x' has shape \(2, 5, 3\), must have \(trials, steps, 1",
        ),
        (fresh(inputs={"x": np.ones((2, 5))}), UsageError, r"'x' has shape \(2, 5\)"),
        (
            fresh(inputs={"x": np.ones((2, 5, 1))}, lengths=np.ones(3, int)),
            UsageError,
            r"'lengths' has shape \(3,\)",
        ),
        (
            fresh(inputs={"x": np.ones((2, 5, 1))}, start={"a.R": np.ones((2, 2))}),
            UnknownNameError,
            "batch: start 'a.R': did you mean 'a.r'",
        ),
        (
            fresh(inputs={"x": np.ones((2, 5, 1))}, start={"a.r": np.ones(2)}),
            UsageError,
            r"batch: start 'a.r' has shape \(2,\), must have \(2, \d\), trials first",
        ),
        (fresh(inputs={"x": np.ones((2, 5, 1))}), UnknownNameError, "batch 'target'"),
        (
            fresh(inputs={"x": np.ones((2, 5, 1))}, target=np.ones((2, 5))),
            UsageError,
            r"batch 'target' has shape \(2, 5\), must have \(2, 5, 1\)",
        ),
    ],
)
def test_a_batch_that_does_not_fit_is_refused(batches, error, match):
    with pytest.raises(error, match=match) as caught:
        learner_of(network_model(recurrent(), TRAINED), batches).train(1)
    assert "\n" not in str(caught.value)
    assert not getattr(caught.value, "__notes__", ())


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda: network_model(recurrent(), ("rec.v",)), UnknownNameError, "parameter 'rec.v'"),
        (
            lambda: network_model(Network("n", 1 * ms).add(Population("x", 1, Signal())), ()),
            UsageError,
            "nothing is recorded",
        ),
        (
            lambda: learner_of(network_model(recurrent(), ()), terms={"e": mean_square("a.r")}).train(1),
            UnknownNameError,
            "recording 'a.r'",
        ),
        (
            lambda: controller(compile_functions(recurrent()), {}, None, "arm"),
            UnknownNameError,
            "output 'arm'",
        ),
        (
            lambda: padded([{"x": np.ones((5, 1))}], (3,)),
            UsageError,
            "trial 0 has 5 steps, the largest size is 3",
        ),
        (lambda: padded([{"x": np.ones(5), "y": np.ones(4)}], (9,)), UsageError, r"arrays of \[4, 5\] steps"),
    ],
)
def test_what_does_not_exist_is_refused_in_one_line(make, error, match):
    with pytest.raises(error, match=match) as caught:
        make()
    assert "\n" not in str(caught.value)
