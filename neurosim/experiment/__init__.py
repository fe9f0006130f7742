"""How a study is described, configured, run, resumed and judged; no study in particular."""

from neurosim.experiment.catalogue import experiment_names, experiment_summary, find_experiment
from neurosim.experiment.choice import default_display
from neurosim.experiment.claims import Claim, at_least, at_most, not_tested, ordering, within
from neurosim.experiment.context import RunContext, Stage
from neurosim.experiment.display import Display, PlainDisplay, QuietDisplay
from neurosim.experiment.experiment import Experiment
from neurosim.experiment.parallel import available_workers, parallel_map
from neurosim.experiment.runner import CompletedRun, Run, new_run, one_line, resumed_run
from neurosim.experiment.settings import Setting, setting, settings_of, with_settings
from neurosim.store import Data, Results, Spikes

__all__ = [
    "Claim",
    "CompletedRun",
    "Data",
    "Display",
    "Experiment",
    "PlainDisplay",
    "QuietDisplay",
    "Results",
    "Run",
    "RunContext",
    "Setting",
    "Spikes",
    "Stage",
    "at_least",
    "at_most",
    "available_workers",
    "default_display",
    "experiment_names",
    "experiment_summary",
    "find_experiment",
    "new_run",
    "not_tested",
    "one_line",
    "ordering",
    "parallel_map",
    "resumed_run",
    "setting",
    "settings_of",
    "with_settings",
    "within",
]
