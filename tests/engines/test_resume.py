"""A run that is stopped at any steps and continued from a file has the bits of one that is not stopped."""

import subprocess
import sys

import pytest

from neurosim import simulate
from neurosim.compiler.equations.network import network_equations
from neurosim.engines import files, get_engine, registry
from tests.engines.resumable import CASES, SEED, STEPS, cuts_of, network_of, stopped_and_continued, whole
from tests.engines.test_interrupts import assert_same

FEW = [("rule", "PairSTDP"), ("rule", "SET"), ("synapse", "NMDA")]


def check(kind, name, engine, cuts, path):
    network = network_of(kind, name)
    if refusal := get_engine(engine).refuses(network_equations(network, SEED)):
        pytest.skip(refusal[0])
    there = whole(network, engine)
    expected, start = there.checkpoint(), simulate(network, engine, seed=SEED).checkpoint()
    assert any(name in start and value.tobytes() != start[name].tobytes() for name, value in expected.items())
    here = simulate(network, engine, seed=SEED)
    assert_same(expected, stopped_and_continued(network, here, there, cuts_of(cuts), path).checkpoint())


@pytest.mark.parametrize(("kind", "name"), FEW)
def test_a_run_through_files_has_the_bits_of_one_that_is_not_stopped(kind, name, tmp_path):
    check(kind, name, "fused", 5, tmp_path / "kept.h5")


@pytest.mark.slow
@pytest.mark.parametrize("engine", list(registry))
@pytest.mark.parametrize(("kind", "name"), CASES)
def test_whatever_is_stopped_at_twenty_random_steps_has_the_bits_of_what_is_not(kind, name, engine, tmp_path):
    check(kind, name, engine, 20, tmp_path / "kept.h5")


@pytest.mark.slow
@pytest.mark.parametrize("engine", list(registry))
@pytest.mark.parametrize(("kind", "name"), FEW)
def test_each_piece_may_be_run_by_a_new_process(kind, name, engine, tmp_path):
    network, path = network_of(kind, name), tmp_path / "kept.h5"
    if refusal := get_engine(engine).refuses(network_equations(network, SEED)):
        pytest.skip(refusal[0])
    simulate(network, engine, seed=SEED).save(path)
    for cut in [*cuts_of(2), STEPS]:
        call = f"from tests.engines.resumable import continued; continued({str(path)!r}, {cut})"
        subprocess.run([sys.executable, "-W", "ignore", "-c", call], check=True)
    assert_same(whole(network, engine).checkpoint(), files.read(path).arrays)
