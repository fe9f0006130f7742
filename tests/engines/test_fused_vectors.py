"""Width and place of the fused engine's vectors."""

import llvmlite.binding
import numpy as np
import pytest
from brian2 import ms, mV
from numba import njit

from neurosim import Network, Population, Probability, Projection, simulate
from neurosim.engines.fused.aligned import LINE, aligned
from neurosim.engines.fused.support import wide_vectors
from neurosim.neurons import LIF
from neurosim.synapses import Pulse


def doubled(x):
    for i in range(x.size):
        x[i] *= 2.0


def doubled_wide(x):
    wide_vectors()
    for i in range(x.size):
        x[i] *= 2.0


@pytest.mark.skipif(
    not llvmlite.binding.get_host_cpu_features().get("avx512vbmi2", False), reason="no such processor"
)
def test_a_function_that_asks_for_wide_vectors_has_them_and_no_other():
    narrow, wide = njit(doubled), njit(doubled_wide)
    x = np.arange(1000.0)
    wide(x)
    narrow(x)
    np.testing.assert_array_equal(x, 4.0 * np.arange(1000.0))
    assert "zmm" in "".join(wide.inspect_asm().values())
    if "emeraldrapids" in llvmlite.binding.get_host_cpu_name():
        assert "zmm" not in "".join(narrow.inspect_asm().values())


@pytest.mark.parametrize("shape", [(), (0,), (7,), (3, 5)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int32])
def test_aligned_copies_begin_a_cache_line(shape, dtype):
    value = np.arange(np.prod(shape, dtype=int), dtype=dtype).reshape(shape).T
    for _ in range(5):
        copy = aligned(value)
        assert copy.size == 0 or copy.ctypes.data % LINE == 0
        assert copy.flags.c_contiguous and copy.flags.writeable and not np.shares_memory(copy, value)
        assert copy.dtype == value.dtype
        np.testing.assert_array_equal(copy, value)


def test_all_variables_and_constants_of_a_network_begin_a_cache_line():
    model = LIF(tau_m=np.linspace(10, 20, 101) * ms)
    network = Network("n", dt=0.1 * ms).add(
        Population("a", 101, model), Projection("aa", "a", "a", Pulse(port="g_e"), Probability(0.1), 0.1 * mV)
    )
    arrays = simulate(network).core.storage.arrays
    read_in_loops = [name for name in arrays if not name.endswith(("___first", "___post"))]
    assert {"a__v", "a__g_e", "a___held", "a___rest", "a__P__v__v"} <= set(read_in_loops)
    # Where nothing is held there is no place either.
    assert [name for name in read_in_loops if arrays[name].size and arrays[name].ctypes.data % LINE] == []
