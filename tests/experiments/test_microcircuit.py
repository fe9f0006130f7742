"""The study of the cortical microcircuit: a whole small run, its claims and its figure."""

import numpy as np

from neurosim.circuits.cortical_microcircuit import POPULATIONS
from neurosim.experiment import find_experiment, new_run, with_settings
from neurosim.experiments.microcircuit import study as microcircuit
from neurosim.store import open_results

TINY = ["scale=0.02", "duration=0.3 s", "settling=0.1 s", "window=0.3 s", "shown=0.1 s", "seeds=2"]


def test_a_small_run_measures_rates_and_keeps_spikes(tmp_path):
    assert list(find_experiment("microcircuit").presets) == ["quick", "full"]
    config = with_settings(microcircuit.PRESETS["quick"], TINY)
    outcome = new_run(microcircuit.experiment, config, out=str(tmp_path / "run.h5"), seed=2).execute()
    verdicts = {claim.id: claim.verdict for claim in outcome.claims}
    assert verdicts["rate-small-L4E"] == verdicts["rate-full-L4E"] == verdicts["irregularity"] == "not tested"
    with open_results(tmp_path / "run.h5") as results:
        rates = results.array("circuit_0/rate")
        assert np.all((rates > 0) & (rates < 30)) and not np.array_equal(
            rates, results.array("circuit_1/rate")
        )
        spikes = results.spikes("circuit_0.L4E")
        assert np.all((np.asarray(spikes.times) >= 300) & (np.asarray(spikes.times) <= 400))
        assert results.array("circuit_0/variation").shape == (len(POPULATIONS), 1)
    assert (tmp_path / "run.png").exists()


def test_rates_are_judged_where_the_reference_has_the_same_size(tmp_path):
    from neurosim.experiments.microcircuit.claims import SMALL, _rates

    judged = list(_rates("rate", "source", SMALL, np.array(SMALL) * 1.09, ""))
    assert {claim.verdict for claim in judged} == {"holds"}
    assert {claim.verdict for claim in _rates("rate", "source", SMALL, np.array(SMALL) * 0.89, "")} == {
        "fails"
    }
