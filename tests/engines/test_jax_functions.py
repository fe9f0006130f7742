"""The pure functions: the results of simulations, batches of inputs, parameters, seeds, precision, complex values."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import ms, second

from neurosim import Network, NeuronModel, Population, Recorder, parameter, simulate
from neurosim.engines.jax import compile_functions
from neurosim.errors import DescriptionError, UnknownNameError, UsageError
from neurosim.rng import draws, stream_key
from tests.engines import jax_networks as networks

STEPS = 60


class JaxRotation(NeuronModel):
    """dz/dt = k*z, integrated exactly; a complex k makes it turn."""

    k = parameter(-1 / second, "rate")
    equations = "dz/dt = k*z : 1"
    output = "z"
    initial = {"z": 1.0}


@pytest.fixture
def double():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("make", [networks.rate_network, networks.spiking_network, networks.swimmer_network])
def test_run_gives_what_the_simulation_gives(double, make):
    network = make()
    functions = compile_functions(network, seed=6, dtype="float64")
    inputs = {**networks.drive(network, STEPS), **functions.sources(STEPS)}
    state, recordings = functions.run({}, functions.init(), inputs, steps=STEPS)
    simulation = networks.run(simulate(network, "fused", seed=6), STEPS)
    for key in functions.parameters.keys() - network.parameters.keys():
        networks.close(simulation.read(*key.split(".")), {**functions.parameters, **state}[key], 1e-9, key)
    for recorder in network.recorders:
        rows = np.asarray(recordings[recorder.key])
        assert rows.shape[0] == STEPS
        if recorder.variable != "spikes":
            expected = simulation.recordings()[recorder.key].values
            networks.close(expected, rows[:: recorder.every], 1e-9, recorder.key)


def test_steps_in_a_loop_are_a_run(double):
    network = networks.swimmer_network()
    functions = compile_functions(network, dtype="float64")
    inputs = networks.drive(network, STEPS)
    state, outputs = functions.init(), []
    for row in range(STEPS):
        state, out = functions.step({}, state, {name: rows[row] for name, rows in inputs.items()})
        outputs.append(out["torque"])
    end, recordings = functions.run({}, functions.init(), inputs)
    for name, value in end.items():
        np.testing.assert_allclose(state[name], value, rtol=1e-12, err_msg=name)
    np.testing.assert_allclose(outputs, recordings["torque.output"], rtol=1e-12)
    take = functions.bind({})
    _, again = jax.lax.scan(lambda state, rows: take(state, rows), functions.init(), inputs)
    np.testing.assert_allclose(outputs, again["torque"], rtol=1e-12)


# Batches ------------------------------------------------------------------------------------------------------------


def test_a_batch_of_inputs_is_the_runs_of_each(double):
    network = networks.rate_network()
    functions = compile_functions(network, dtype="float64")
    batch = np.random.default_rng(0).normal(size=(3, STEPS, 2))
    together = jax.vmap(lambda x: functions.run({}, functions.init(), {"x": x})[1]["a.r"])(batch)
    for x, found in zip(batch, together, strict=True):
        alone = functions.run({}, functions.init(), {"x": x})[1]["a.r"]
        np.testing.assert_allclose(found, alone, rtol=1e-12, atol=1e-14)


@pytest.mark.slow
def test_a_batch_of_parameters_is_the_runs_of_each(double):
    network = networks.spiking_network()
    functions = compile_functions(network, dtype="float64")
    inputs = functions.sources(STEPS)
    given = {"e.tau_m": jnp.array([0.01, 0.02, 0.03]), "ee.pair_stdp_a_plus": jnp.array([0.0, 0.01, 0.1])}

    def run(given):
        return functions.run(given, functions.init(given), inputs)[1]

    together = jax.vmap(run)(given)
    for row in range(3):
        alone = run({name: value[row] for name, value in given.items()})
        for key, value in alone.items():
            np.testing.assert_allclose(together[key][row], value, rtol=1e-12, atol=1e-15, err_msg=key)
    assert np.ptp(together["e.v"][:, -1], axis=0).max() > 1e-4


def test_a_batch_of_seeds_is_the_runs_of_each(double):
    network = Network("noise", 0.5 * ms).add(Population("n", 4, networks.JaxNoisy()), Recorder("n", "x"))
    functions = compile_functions(network, seed=0, dtype="float64")
    seeds = (0, 1, 5)
    keys = jax.tree.map(lambda *k: np.stack(k), *(functions.keys(seed) for seed in seeds))

    def run(keys):
        return functions.run({}, functions.init(keys=keys), steps=STEPS)[1]["n.x"]

    together = jax.vmap(run)(keys)
    for seed, found in zip(seeds, together, strict=True):
        np.testing.assert_allclose(found, run(functions.keys(seed)), rtol=1e-12, atol=1e-14)
    # The stream of a seed is that of every engine, and the description's own seed is the default.
    simulation = simulate(network, "fused", seed=0)
    simulation.run(STEPS * simulation.dt * second)
    networks.close(simulation.recordings()["n.x"].values, together[0], 1e-9)
    assert not np.allclose(together[0], together[1])


def test_one_compilation_serves_repeated_calls_and_other_parameters():
    functions = compile_functions(networks.rate_network())
    inputs = networks.drive(networks.rate_network(), STEPS)
    for tau in (0.01, 0.02, 0.03):
        functions.run({"a.tau": np.full(12, tau)}, functions.init(), inputs)
    assert functions._run._cache_size() == 1


# Numbers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_draws_are_those_of_the_project(kind, dtype):
    from neurosim.engines.jax import draws as ours
    from neurosim.engines.jax.precision import precision

    key, size = stream_key(3, "E", "xi"), 20_001
    with precision(dtype):
        draw = jax.jit(partial(ours.DRAW[kind], size=size, dtype=dtype))
        found = np.asarray(draw(ours.words(key), np.int32(70_000)))
    expected = np.empty(size)
    {"uniform": draws.fill_uniform, "normal": draws.fill_normal}[kind](key, 70_000, expected)
    assert found.dtype == dtype
    if (kind, dtype) == ("uniform", "float64"):
        np.testing.assert_array_equal(found, expected)
    rtol, atol = {"float64": (1e-13, 0.0), "float32": (1e-6, 1e-7)}[dtype]
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


def test_the_exponential_is_that_of_scipy(double):
    from scipy.linalg import expm

    from neurosim.engines.jax.fixed import exponential

    rng = np.random.default_rng(0)
    for size in (0.0, 1e-3, 0.3, 1.0, 5.0):
        matrices = size * rng.normal(size=(4, 6, 6))
        expected = expm(matrices)
        found = jax.jit(exponential)(matrices)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13 * np.abs(expected).max())


def test_complex_parameters_make_complex_states(double):
    network = Network("turn", 1 * ms).add(Population("z", 2, JaxRotation()), Recorder("z", "z"))
    functions = compile_functions(network, dtype="float64")
    k = np.array([-1 + 20j, -3 - 5j])
    given = {"z.k": k}
    state, recordings = functions.run(given, functions.init(given), steps=51)
    assert state["z.z"].dtype == np.complex128
    np.testing.assert_allclose(recordings["z.z"], np.exp(k * 1e-3 * np.arange(51)[:, None]), rtol=1e-12)

    def energy(phase):
        given = {"z.z": jnp.exp(1j * phase) * jnp.ones(2), "z.k": k}
        return jnp.real(functions.run(given, functions.init(given), steps=10)[1]["z.z"][-1, 0])

    angle = 0.3 + 20e-3 * 9
    np.testing.assert_allclose(jax.jit(jax.grad(energy))(0.3), -np.exp(-9e-3) * np.sin(angle), rtol=1e-10)


def test_double_precision_is_never_cut_in_silence():
    functions = compile_functions(networks.rate_network(), dtype="float64")
    with pytest.raises(UsageError, match="jax.enable_x64"):
        functions.init()


def test_single_precision_stays_single_where_64_bits_are_enabled(double):
    functions = compile_functions(networks.spiking_network(), dtype="float32")
    state, recordings = functions.run({}, functions.init(), functions.sources(20))
    assert {value.dtype.name for value in state.values()} <= {"float32", "int32"}
    assert {value.dtype.name for value in recordings.values()} == {"float32"}


# Refusals -----------------------------------------------------------------------------------------------------------


def test_unknown_names_are_refused():
    functions = compile_functions(networks.rate_network())
    with pytest.raises(UnknownNameError, match="'a.tua'.*a.tau"):
        functions.init({"a.tua": 1.0})
    with pytest.raises(UnknownNameError, match="input 'y'"):
        functions.run({}, functions.init(), {"y": np.zeros((3, 2))})
    with pytest.raises(UsageError, match="steps="):
        functions.run({}, functions.init())


def test_a_parameter_of_another_shape_is_refused():
    functions = compile_functions(networks.rate_network())
    functions.init({"a.tau": 0.02, "rec.w": 0.5, "rec.oja_eta": 1.0})
    for name, shape in {"rec.w": (12, 12), "rec.oja_eta": (12,), "a.tau": (3,)}.items():
        with pytest.raises(UsageError, match=f"'{name}'.*shape"):
            functions.init({name: np.ones(shape)})


def test_sources_without_spikes_are_refused():
    functions = compile_functions(networks.spiking_network())
    with pytest.raises(DescriptionError, match=r"spike source 'p'.*sources"):
        functions.run({}, functions.init(), steps=3)


def test_an_integer_type_is_refused():
    with pytest.raises(DescriptionError, match="float32 or float64"):
        compile_functions(networks.rate_network(), dtype="int32")
