"""Bandwidth and memory are measured, not made up."""

import numpy as np

from neurosim.bench.memory import bandwidth
from neurosim.bench.ours import held
from neurosim.bench.usage import peak_in, peak_memory


def test_bandwidth_is_within_what_a_core_can_do_and_no_lower_in_cache():
    in_cache, in_memory = bandwidth(16e3, 0.02), bandwidth(256e6, 0.02)
    assert 1e8 < in_memory < 1e12
    assert in_cache > 0.8 * in_memory


def test_the_peak_of_a_process_grows_with_what_it_touches():
    before = peak_memory()
    kept = np.ones(int(8e7 + before) // 8)
    assert before == 0 or peak_memory() - before > 7e7
    assert kept.size


def test_the_peak_is_read_from_a_process_status():
    assert peak_in("Name:\tmain\nVmHWM:\t    4012 kB\nVmRSS:\t 12 kB\n") == 4012 * 1024
    assert peak_in("Name:\tmain\n") == 0


def test_held_counts_each_buffer_once_and_in_full():
    array = np.zeros(1000)
    assert held([array, array[:10], {"again": array}, [np.zeros(5, dtype=np.int32)]]) == 8000 + 20
