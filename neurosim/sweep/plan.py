"""What a sweep is asked for: seeds and alternatives of settings, and the runs that follow from them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neurosim.errors import UsageError
from neurosim.experiment import find_experiment, settings_of, with_settings


@dataclass(frozen=True)
class Planned:
    """One run of a sweep: experiment, preset, engine, seed and all settings; varied, those that the sweep changes."""

    experiment: str
    preset: str
    engine: str
    seed: int
    config: dict[str, Any]
    varied: dict[str, Any]

    @property
    def name(self) -> str:
        """The name of its result file without '.h5': what is varied, and the seed."""
        words = [f"{name}={_word(value)}" for name, value in self.varied.items()]
        return "-".join([*words, f"seed{self.seed}"])

    def file(self, folder: Path) -> Path:
        """Return its result file in the folder of the sweep."""
        return folder / f"{self.name}.h5"


def planned(
    name: str,
    seeds: Iterable[int],
    alternatives: Sequence[str] = (),
    *,
    preset: str | None = None,
    engine: str | None = None,
) -> list[Planned]:
    """Return a run for each seed and each combination of alternatives.

    Arguments:
        name: of the experiment.
        seeds: whole numbers from 0.
        alternatives: texts such as 'sigma=0.02,0.1' or 'tau=5 ms'.
        preset, engine: the experiment's first and own if omitted.

    Raises UnknownNameError or UsageError when something is not there, out of bounds, or given twice.
    """
    experiment = find_experiment(name)
    preset, base = experiment.preset(preset)
    known, choices = settings_of(base), {}
    for text in alternatives:
        setting, equals, values = text.partition("=")
        setting = setting.strip()
        if setting in choices:
            raise UsageError(
                f"setting '{setting}' is given twice: list its values in one --set, divided by commas"
            )
        many = setting in known and known[setting].many
        parts = [part.strip() for part in values.split(";" if many else ",")]
        if not equals or "" in parts:
            raise UsageError(f"'{text}': write NAME=VALUE,VALUE, and divide values that are lists by ';'")
        choices[setting] = parts
    runs = []
    numbers = list(seeds)
    for combination in itertools.product(*choices.values()):
        config = with_settings(base, [f"{k}={v}" for k, v in zip(choices, combination, strict=True)])
        # Lists, as they come back from a file.
        settings = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(config).items()}
        varied = {setting: settings[setting] for setting in choices}
        runs += [
            Planned(name, preset, engine or experiment.engine, seed, settings, varied) for seed in numbers
        ]
    names = [run.name for run in runs]
    twice = next((one for one in names if names.count(one) > 1), None)
    if twice:
        raise UsageError(f"the run '{twice}' is asked for twice: leave one value or seed out")
    return runs


def seeds_from(text: str) -> list[int]:
    """Read seeds: '0:20' (0 to 19), '0,3,7', or both mixed; raises UsageError."""
    seeds: list[int] = []
    for part in text.split(","):
        first, colon, last = (word.strip() for word in part.partition(":"))
        if not first.isdecimal() or (colon and not last.isdecimal()):
            raise UsageError(f"seeds '{text}': write 0:20 for 0 to 19, or 0,3,7")
        seeds += range(int(first), int(last)) if colon else [int(first)]
    if not seeds or len(set(seeds)) < len(seeds):
        raise UsageError(f"seeds '{text}': {'one is there twice' if seeds else 'there are none'}")
    return seeds


def _word(value: Any) -> str:
    text = "_".join(map(str, value)) if isinstance(value, list) else str(value)
    return "".join(sign if sign.isalnum() or sign in "._+-" else "_" for sign in text)
