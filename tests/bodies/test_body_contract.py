"""What every body in the loop promises to compiled code."""

import ctypes
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numba import njit
from numba.core.registry import CPUDispatcher

from neurosim.bodies.memory import address_of
from neurosim.bodies.swimmer import Swimmer
from neurosim.bodies.targets import TargetSwimmer
from tests.bodies.reference_policy import swim

BODIES = [
    lambda: Swimmer(2),
    lambda: Swimmer(6),
    lambda: Swimmer(12, dt=0.005),
    lambda: TargetSwimmer(Swimmer(3, dt=0.005), targets=3, distance=0.12),
]


@njit(nogil=True)
def drive(function, handles, controls, outputs):
    for t in range(len(controls)):
        function(handles, controls[t], outputs[t])


@pytest.fixture(params=BODIES)
def body(request):
    made = request.param()
    made.reset(np.random.default_rng(1))
    return made


def driven(body, steps, outputs=None):
    controls = np.random.default_rng(2).uniform(-1, 1, (steps, body.n_inputs))
    outputs = np.zeros((steps, len(body.output_values))) if outputs is None else outputs
    drive(body.function, body.handles, controls, outputs)
    return outputs


def test_function_is_compiled_cached_and_found_by_name(body):
    function = body.function
    assert isinstance(function, CPUDispatcher)
    assert function.targetoptions["nogil"] and function.targetoptions["nopython"]
    assert getattr(sys.modules[function.py_func.__module__], function.py_func.__name__) is function
    assert body.handles.dtype == np.int64


def test_parts_cover_the_outputs_once(body):
    covered = np.concatenate([np.arange(1000)[part] for part in body.outputs.values()])
    assert np.array_equal(covered, np.arange(len(body.output_values)))


def test_output_values_are_the_last_outputs(body):
    assert driven(body, 20)[-1].tobytes() == body.output_values.tobytes()


def test_compiled_loop_equals_python_steps(body):
    start = body.save()
    compiled = driven(body, 30)
    body.load(start)
    controls = np.random.default_rng(2).uniform(-1, 1, (30, body.n_inputs))
    assert compiled.tobytes() == np.array([body.step(ctrl) for ctrl in controls]).tobytes()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_input_that_is_not_finite_gives_nan_and_moves_nothing(body, bad):
    before = body.save()
    inputs, outputs = np.zeros(body.n_inputs), np.zeros(len(body.output_values))
    inputs[-1] = bad
    body.function(body.handles, inputs, outputs)
    assert np.isnan(outputs).all()
    assert np.array_equal(body.save(), before)


def test_threads_give_the_same_bits_as_serial():
    def run(start):
        body = Swimmer(6)
        body.reset(np.random.default_rng(start))
        return swim(body, steps=300)[1].tobytes()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, range(8))) == [run(start) for start in range(8)]


def test_loop_runs_while_another_thread_holds_the_interpreter():
    body = Swimmer(6)
    driven(body, 1)  # compiles
    outputs = np.zeros((4000, len(body.output_values)))
    sleep_with_interpreter = ctypes.PyDLL(None).usleep
    worker = threading.Thread(target=driven, args=(body, 4000, outputs))
    worker.start()
    while not outputs[0].any():
        time.sleep(0.0005)
    reached_before = np.count_nonzero(outputs.any(axis=1))
    sleep_with_interpreter(100_000)
    reached = np.count_nonzero(outputs.any(axis=1))
    worker.join()
    assert 0 < reached_before < 4000
    assert reached > reached_before + 100


@pytest.mark.slow
def test_second_process_loads_the_compiled_function(tmp_path):
    script = (
        "from neurosim.bodies.swimmer import Swimmer\n"
        "body = Swimmer(6)\n"
        "body.step([1.0] * 5)\n"
        "stats = body.function.stats\n"
        "print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))\n"
    )
    counts = []
    for _ in range(2):
        environment = os.environ | {"NEUROSIM_CACHE": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, check=True, text=True
        )
        counts.append(done.stdout.split())
    assert counts == [["0", "1"], ["1", "0"]]


@pytest.mark.parametrize("array", [np.zeros(3, np.float32), np.zeros(6)[::2]])
def test_arrays_that_compiled_code_would_misread_are_refused(array):
    with pytest.raises(TypeError, match="contiguous float64"):
        address_of(array)
