"""An interrupt is taken between pieces of a run: afterwards the simulation continues as if there had been none."""

import signal
import threading
import time

import numpy as np
import pytest
from brian2 import ms

from neurosim import simulate
from neurosim.uninterrupted import Uninterrupted
from tests.engines.trust_networks import busy
from tests.references import EACH

STEPS = 3000


class Stop(Exception):
    """What the handler of an alarm raises."""


def interrupted(simulation, rng, mean, single, times):
    """Run to STEPS under alarms at random moments, on average every `mean` seconds; return how many were met."""

    def ring(number, frame):
        raise Stop

    met, before = 0, signal.signal(signal.SIGALRM, ring)
    try:
        while simulation.now < STEPS:
            left = STEPS - simulation.now
            try:
                if met < times:
                    signal.setitimer(signal.ITIMER_REAL, rng.exponential(mean) + 1e-6)
                if single:
                    for _ in range(min(left, 200)):
                        simulation.step({"u": [0.3, 0.6]})
                else:
                    simulation.run(left * 0.5 * ms, {"u": [0.3, 0.6]})
                signal.setitimer(signal.ITIMER_REAL, 0)
            except Stop:
                met += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return met


def content(simulation):
    found = dict(simulation.state())
    for key, record in simulation.recordings().items():
        found[f"{key} steps"] = record.steps
        found[f"{key} values"] = record.ids if hasattr(record, "ids") else record.values
    return found


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(other[name], value, err_msg=name)


def check_interrupts(engine, times, mean):
    whole = simulate(busy(), engine, seed=2)
    whole.core.most = whole._pace = 50
    whole.run(STEPS * 0.5 * ms, {"u": [0.3, 0.6]})
    expected, rng, met, runs = content(whole), np.random.default_rng(1), 0, 0
    while met < times and runs < times:
        simulation = simulate(busy(), engine, seed=2)
        simulation.core.most = simulation._pace = 50
        met += interrupted(simulation, rng, mean, single=runs % 3 == 2, times=times - met)
        assert_same(expected, content(simulation))
        runs += 1
    assert met >= min(times, 5)


@pytest.mark.parametrize("engine", ["fused"])
def test_interrupts_at_random_moments_change_nothing(engine):
    check_interrupts(engine, 20, 0.002)


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "mean"), [("fused", 0.002), ("jax", 0.02), ("brian2", 0.05)])
def test_a_thousand_interrupts_at_random_moments_change_nothing(engine, mean):
    check_interrupts(engine, 1000, mean)


@pytest.mark.parametrize("engine", EACH)
def test_an_interrupt_within_a_piece_is_taken_after_it(engine, monkeypatch):
    whole, simulation = (simulate(busy(), engine, seed=2) for _ in range(2))
    advance, now = simulation.core.advance, []

    def advance_and_press(steps, inputs):
        signal.raise_signal(signal.SIGINT)
        found = advance(steps, inputs)
        signal.raise_signal(signal.SIGINT)
        now.append(simulation.core.now)
        return found

    for one in (whole, simulation):
        one.core.most = one._pace = 30
    monkeypatch.setattr(simulation.core, "advance", advance_and_press)
    with pytest.raises(KeyboardInterrupt):
        simulation.run(45 * ms)
    assert now == [30] and simulation.now == 30
    monkeypatch.setattr(simulation.core, "advance", advance)
    simulation.run(30 * ms)
    whole.run(45 * ms)
    assert_same(content(whole), content(simulation))


def press(*reached):
    """Press Ctrl-C in a section, and note what is reached after it, within the section and behind it."""
    with Uninterrupted():
        signal.raise_signal(signal.SIGINT)
        reached[0].append("within")
    for behind in reached[1:]:
        behind.append("behind")


def test_handlers_are_back_after_a_run_whatever_happens():
    before = signal.getsignal(signal.SIGINT)
    with Uninterrupted():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before
    with pytest.raises(KeyboardInterrupt):
        press(reached := [])
    assert reached and signal.getsignal(signal.SIGINT) == before
    with pytest.raises(ZeroDivisionError), Uninterrupted():
        1 / 0  # noqa: B018
    assert signal.getsignal(signal.SIGINT) == before


def test_sections_within_sections_wait_for_the_outermost():
    reached = []
    with pytest.raises(KeyboardInterrupt), Uninterrupted():
        press(reached, reached)
    assert len(reached) == 2


def test_other_threads_run_without_a_look_at_signals():
    simulation, failed = simulate(busy(), "fused", seed=2), []

    def work():
        try:
            simulation.run(5 * ms)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert not failed and simulation.now == 10


def test_a_slow_piece_is_followed_by_shorter_ones(monkeypatch):
    simulation = simulate(busy(), "fused", seed=2)
    advance, taken = simulation.core.advance, []

    def slowly(steps, inputs):
        taken.append(steps)
        if len(taken) == 1:
            time.sleep(0.6)
        return advance(steps, inputs)

    monkeypatch.setattr(simulation.core, "advance", slowly)
    simulation.run(10_000 * ms)
    assert taken[0] == 10_000 and taken[1] < 5000 and sum(taken) == 20_000
