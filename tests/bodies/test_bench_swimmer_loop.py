"""The benchmark measures what it says, and refuses what it cannot compare."""

import json

import numpy as np
import pytest

from neurosim.bench.swimmer_loop import chain_loop, main, measure
from neurosim.errors import DescriptionError, RunFailed


@pytest.mark.slow
def test_json_has_every_round_and_its_medians(capsys):
    main(["--json", "--steps", "40"])
    result = json.loads(capsys.readouterr().out)
    for name, median in result["cpu_seconds"].items():
        assert np.median(result["rounds"]["cpu_seconds"][name]) == median > 0
    assert len(result["rounds"]["cpu_seconds"]["closed_loop"]) == 5
    assert result["over_bare"]["bare"] == 1
    assert set(result["cpu_seconds"]) | set(result["not_measured"]) == {"bare", "closed_loop", "dm_control"}


@pytest.mark.slow
def test_table_names_the_contenders(capsys):
    main(["--steps", "40"])
    out = capsys.readouterr().out
    assert "closed_loop" in out and "dm_control" in out and "two threads" in out


@pytest.mark.slow
def test_another_loop_is_timed_in_place_of_the_chain():
    def twice(body, controls):
        start = body.save()
        for _ in range(4):
            body.load(start)
            chain_loop(body, controls)

    assert measure(twice, steps=200)["over_bare"]["closed_loop"] > 2.5


def test_loop_that_hides_its_controls_is_refused():
    with pytest.raises(RunFailed, match="another state"):
        measure(lambda body, controls: chain_loop(body, controls.copy()), steps=40)


def test_too_few_rounds_are_refused(capsys):
    with pytest.raises(DescriptionError, match="at least 5"):
        measure(rounds=4)
    with pytest.raises(SystemExit) as stopped:
        main(["--rounds", "4"])
    assert stopped.value.code == 1
    assert capsys.readouterr().err.count("\n") == 1
