"""Parts of one kind share a compiled function, and each works on its own arrays and numbers."""

import sys

import numpy as np
import pytest
from brian2 import Hz, ms, mV

from neurosim import Network, Population, Probability, Projection, Recorder, Uniform, simulate
from neurosim.cache import jit
from neurosim.engines.fused import loops
from neurosim.engines.fused.addresses import ARGUMENTS, address, array, call, grid, matrix, number
from neurosim.neurons import LIF, Poisson
from neurosim.rules import PairSTDP
from neurosim.synapses import Pulse


def column(i):
    """A source, a population and two projections between them; every number depends on i."""
    spread = Uniform(0.5 * ms, (1 + i) * ms)
    return (
        Population(f"s{i}", 10 + i, Poisson(rate=(20 + 10 * i) * Hz)),
        Population(f"c{i}", 20 + 3 * i, LIF(tau_m=(15 + i) * ms), initial={"v": Uniform(-60 * mV, -50 * mV)}),
        Projection(f"sc{i}", f"s{i}", f"c{i}", Pulse(port="g_e"), Probability(0.3), (1 + i) * mV, delay=spread),
        Projection(
            f"cc{i}", f"c{i}", f"c{i}", Pulse(port="g_e"), Probability(0.2), Uniform(0 * mV, (2 + i) * mV),
            rules=PairSTDP(w_max=(5 + i) * mV), delay=(0.5 + 0.5 * i) * ms,
        ),
        Recorder(f"c{i}"),
    )  # fmt: skip


def columns(*numbers):
    return Network("columns", 0.5 * ms).add(*(part for i in numbers for part in column(i)))


def test_the_number_of_compiled_functions_is_that_of_kinds():
    one, many = simulate(columns(*range(4))), simulate(columns(*range(4, 12)))
    before = {name for name in sys.modules if name.startswith("neurosim_program_")}
    assert one.core.kinds == many.core.kinds
    assert len(many.core.texts["step"]) == 2 * len(one.core.texts["step"])
    # Another network of the same kinds needs nothing new.
    simulate(columns(12, 13, 14))
    assert {name for name in sys.modules if name.startswith("neurosim_program_")} == before


def test_each_part_runs_among_others_as_it_runs_alone():
    together = simulate(columns(0, 1, 2), seed=3)
    together.run(60 * ms)
    state = together.state()
    for i in range(3):
        alone = simulate(columns(i), seed=3)
        alone.run(60 * ms)
        assert alone.recordings()[f"c{i}.spikes"].ids.size > 20
        for name, value in alone.state().items():
            if name.partition("/")[2].startswith((f"c{i}", f"s{i}", f"cc{i}")) or name.startswith(
                (f"c{i}.", f"cc{i}.")
            ):
                np.testing.assert_array_equal(state[name], value, err_msg=name)


@jit()
def read(part):  # type: ignore[no-untyped-def]
    line, table = array(part, 0, np.float32), grid(part, 2, np.float64)
    flat = array(part, 5, np.int64)
    square = matrix(flat, 2, 3)
    return (
        line[-1],
        table[1, 2],
        square[1, 0],
        square.shape,
        number(part, 7, np.float64),
        number(part, 8, np.float32),
    )


def test_parts_hold_arrays_and_numbers():
    line, table, flat = np.arange(5, dtype=np.float32), np.arange(6.0).reshape(2, 3), np.arange(6)
    part = np.array([address(line), 5, address(table), 2, 3, address(flat), 6, 0, 0])
    part[7:8].view(np.float64)[0], part[8:9].view(np.float32)[0] = 0.1, 0.25
    assert read(address(part)) == (4.0, 5.0, 3, (2, 3), 0.1, 0.25)


@jit()
def outcry(part, k, now, row, steps, share):  # type: ignore[no-untyped-def]
    if k == 3:
        raise ValueError("the third")
    return 0


def test_what_a_function_raises_is_raised():
    outcry.compile(ARGUMENTS)
    made = outcry.overloads[ARGUMENTS]
    calls = np.array([[made.library.get_pointer_to_function(made.fndesc.llvm_func_name), 0]] * 2)
    assert loops.advance(calls, 3, 0, 0) == 3
    with pytest.raises(ValueError, match="the third"):
        loops.advance(calls, 5, 0, 0)
    assert call.__doc__
