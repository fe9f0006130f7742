"""A swimmer whose motor circuit is lesioned in mid-swim: which homeostatic rule brings the gait back?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from neurosim.analysis.waves import net_speed
from neurosim.bodies.swimmer import Swimmer
from neurosim.circuits.celegans_swimmer import SwimmerCircuit
from neurosim.circuits.plastic_swimmer import PlasticSwimmer
from neurosim.engines import get_engine
from neurosim.experiment import (
    Claim,
    Data,
    Experiment,
    Results,
    RunContext,
    Stage,
    at_least,
    at_most,
    not_tested,
    parallel_map,
    setting,
    within,
)
from neurosim.experiments.swimmer_recovery.figure import figure
from neurosim.model.rule import NeuronRule, SynapticRule
from neurosim.model.units import second
from neurosim.rng import generator
from neurosim.rules import BiasAdaptation, HomeostaticGain, SynapticScaling

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CITATION = (
    "Bhattasali, Zador, Engel 2022, Neural Circuit Architectural Priors for Embodied Control, NeurIPS, "
    "arXiv 2201.05242 (circuit and body; lesions and rules are of this project)"
)
OURS = "this project's own question"
RULES = {
    "none": "no rule",
    "gain": "input gain",
    "bias": "bias adaptation",
    "scaling": "synaptic scaling",
    "gain_bias": "gain and bias",
}
STATES = {
    "gain": "muscle.homeostatic_gain_g",
    "bias": "muscle.bias_adaptation_b",
    "weight": "ipsilateral.w",
}
RESTORED, UNHARMED, HARM = 0.9, 0.05, 0.9


@dataclass(frozen=True)
class Config:
    """Settings of the study; the defaults are those of the quick preset."""

    n_links: int = setting(6, "links of the body", low=3)
    starts: int = setting(5, "random starts", low=1)
    lost: tuple[int, ...] = setting(
        (0, 2), "motor neurons that are lost, dorsal from the head, one per lesion", low=0
    )
    weakened: float = setting(
        0.5, "factor of all dorsal weights onto muscles in one lesion", low=0.0, high=1.0
    )
    rate: float = setting(0.1, "rate of change of every rule", unit="Hz", low=0.0)
    healthy: int = setting(2100, "control steps before the lesion", low=60)
    recovery: int = setting(5000, "control steps after the lesion", low=60)
    window: int = setting(1000, "control steps over which return and speed are measured", low=60)
    segment: int = setting(300, "control steps for one point of the course of speed", low=2)
    physics_dt: float = setting(0.005, "step of the physics", unit="s", low=1e-4, high=0.015)

    @property
    def circuit(self) -> SwimmerCircuit:
        """The circuit before any lesion."""
        return SwimmerCircuit(self.n_links - 1)

    @property
    def lesions(self) -> dict[str, int | None]:
        """Names of the lesions, the control first, each with the motor neuron that is lost in it."""
        return {"none": None, "weakened side": None, **{f"lost neuron {k}": k for k in self.lost}}

    @property
    def moments(self) -> dict[str, tuple[int, int]]:
        """First and last control step of the windows of measurement."""
        start, end = self.healthy, self.healthy + self.recovery
        return {
            "before": (max(start - self.window, 0), start),
            "after": (start, min(start + self.window, end)),
            "end": (max(end - self.window, start), end),
        }


PRESETS = {
    "quick": Config(),
    "full": Config(starts=20, lost=(0, 1, 2, 3, 4), recovery=10_000, physics_dt=0.002),
}


class _Study:
    """The swims of one run, with its seed, engine and workers."""

    def __init__(self, config: Config, run: RunContext) -> None:
        self.config, self.run = config, run

    def set_points(self, stage: Stage) -> dict[str, Data]:
        """Measure the activity of each muscle in the gait without rules, which the rules are to keep."""
        period, (first, last) = self.config.circuit.period, self.config.moments["before"]
        first = last - period * max((last - first) // period, 1)
        swims = self.swims("none", "none", np.ones(1), ("muscle",))
        activity = np.array([swim["muscle"][first:last].mean(axis=0) for swim in swims])
        return {
            "activity": Data(activity, ("start", "muscle"), "", "mean activity of each muscle without rules")
        }

    def trials(self, rule: str, targets: np.ndarray, stage: Stage) -> dict[str, Data]:
        """Swim with a rule through every lesion from every start."""
        swims = parallel_map(
            lambda lesion: self.swims(rule, lesion, targets), self.config.lesions, self.run.workers, stage
        )
        dims, texts = ("lesion", "start"), np.array(list(self.config.lesions))
        found = {
            "lesion": Data(texts, ("lesion",), "", "what is done to the circuit"),
            "moment": Data(np.array(list(self.config.moments)), ("moment",), "", "window of measurement"),
            "returns": Data(
                _each(swims, self.returns), (*dims, "moment"), "", "return, scaled to 1000 control steps"
            ),
            "speed": Data(
                _each(swims, self.speeds), (*dims, "moment"), "m/s", "net speed of the centre of mass"
            ),
            "course": Data(
                _each(swims, self.course), (*dims, "time"), "m/s", "net speed within a segment of the swim"
            ),
            "time": Data(self.times, ("time",), "s", "middle of the segment"),
        }
        for name in STATES:
            if name in swims[0][0]:
                kept = _each(swims, lambda swim, name=name: swim[name])
                found[name] = Data(kept, (*dims, "muscle"), "", f"{name} of each muscle at the end")
        return found

    def swims(
        self, rule: str, lesion: str, targets: np.ndarray, record: tuple[str, ...] = ()
    ) -> list[dict[str, np.ndarray]]:
        """Return what was recorded, and the states of rules at the end, of a swim from each start."""
        config, body = self.config, Swimmer(self.config.n_links, self.config.physics_dt)
        neuron, synaptic = self.rules(rule, targets)
        lost = config.lesions[lesion]
        # The control has the lesion in its program too, at a time that never comes.
        at = config.healthy if lost is not None else 10 * (config.healthy + config.recovery)
        circuit = PlasticSwimmer(config.circuit, neuron, synaptic, lost or 0, at * config.circuit.dt)
        network = circuit.network(("reward", "com", *record))
        simulation = get_engine(self.run.engine).compile(network, self.run.seed, externals={"body": body})
        found = []
        for start in range(config.starts):
            body.reset(generator(self.run.seed, f"start {start}"))
            simulation.reset()
            simulation.set("ipsilateral.w", np.ones(2 * config.circuit.n_joints))
            simulation.run(config.healthy * config.circuit.dt * second)
            if lesion == "weakened side":
                weights = np.array(simulation.get("ipsilateral.w"))
                weights[: config.circuit.n_joints] *= config.weakened
                simulation.set("ipsilateral.w", weights)
            simulation.run(config.recovery * config.circuit.dt * second)
            recordings: Mapping[str, Any] = simulation.recordings()
            swim = {name: recordings[f"{name}.output"].values.copy() for name in ("reward", "com", *record)}
            owned = {name: variable for name, variable in STATES.items() if _has(network, variable)}
            found.append(
                swim | {name: np.array(simulation.get(variable)) for name, variable in owned.items()}
            )
        return found

    def rules(
        self, rule: str, targets: np.ndarray
    ) -> tuple[tuple[NeuronRule, ...], tuple[SynapticRule, ...]]:
        """Return the rules of the muscles and of the weights onto them, with the healthy gait as set point."""
        rate = self.config.rate / second
        gain, bias = HomeostaticGain(beta=rate, target=targets), BiasAdaptation(eta=rate, target=targets)
        # One target for a whole projection: the mean over muscles.
        scaling = SynapticScaling(beta=rate, target=float(targets.mean()))
        neuron = {"gain": (gain,), "bias": (bias,), "gain_bias": (gain, bias)}
        return neuron.get(rule, ()), (scaling,) if rule == "scaling" else ()

    # Measures -------------------------------------------------------------------------------------------------

    def returns(self, swim: Mapping[str, np.ndarray]) -> list[float]:
        return [1000 * float(swim["reward"][a:b].mean()) for a, b in self.config.moments.values()]

    def speeds(self, swim: Mapping[str, np.ndarray]) -> list[float]:
        return [self._speed(swim, *window) for window in self.config.moments.values()]

    def course(self, swim: Mapping[str, np.ndarray]) -> list[float]:
        return [self._speed(swim, first, first + self.config.segment) for first in self._segments]

    @property
    def times(self) -> np.ndarray:
        return (np.array(self._segments) + self.config.segment / 2) * self.config.circuit.dt

    @property
    def _segments(self) -> range:
        return range(
            0, self.config.healthy + self.config.recovery - self.config.segment + 1, self.config.segment
        )

    def _speed(self, swim: Mapping[str, np.ndarray], first: int, last: int) -> float:
        return net_speed(swim["com"][first:last], self.config.circuit.dt)


def _each(swims: Any, measure: Any) -> np.ndarray:
    return np.array([[measure(swim) for swim in of_lesion] for of_lesion in swims])


def _has(network: Any, variable: str) -> bool:
    owner, _, name = variable.partition(".")
    part = network.populations.get(owner) or network.projections[owner]
    return name == "w" or any(name.startswith(rule.prefix) for rule in part.rules)


def run(config: Config, run: RunContext) -> None:
    """Run all stages."""
    study = _Study(config, run)
    run.cite(CITATION)
    for cited in (HomeostaticGain, BiasAdaptation, SynapticScaling):
        run.cite(cited.citation())
    targets = run.stage("set_points", study.set_points)["activity"].array.mean(axis=0)
    for rule in RULES:
        run.stage(rule, partial(study.trials, rule, targets))


def claims(config: Config, results: Results) -> Iterable[Claim]:
    """Judge by this run what the lesions cost, what each rule does to the healthy gait, and what it restores."""
    for rule in list(RULES)[1:]:
        yield _unharmed(results, rule)
    for place, lesion in enumerate(list(config.lesions)[1:], 1):
        costly = _costs(results, place, lesion)
        yield costly
        for rule in list(RULES)[1:]:
            yield _restores(results, rule, place, lesion, costly)


def _mean(results: Results, rule: str, measure: str) -> np.ndarray:
    """Return a measure of each lesion and moment, the mean over starts, shape (lesions, 3)."""
    return results.array(f"{rule}/{measure}").mean(axis=1)


def _unharmed(results: Results, rule: str) -> Claim:
    ratios = {
        m: float(_mean(results, rule, m)[0, 2] / _mean(results, "none", m)[0, 2])
        for m in ("returns", "speed")
    }
    worst = max(ratios.values(), key=lambda ratio: abs(ratio - 1))
    statement = (
        f"With {RULES[rule]} the healthy gait stays as it is: return or net speed over that without rules"
    )
    note = f"returns {ratios['returns']:.3f}, speed {ratios['speed']:.3f}"
    return within(
        f"healthy-{rule}",
        statement,
        source=OURS,
        kind="own",
        expected=1.0,
        tolerance=UNHARMED,
        measured=worst,
        note=note,
    )


def _costs(results: Results, place: int, lesion: str) -> Claim:
    before, _, end = _mean(results, "none", "returns")[place]
    statement = f"Without rules '{lesion}' costs at least a tenth of the return"
    id, left = f"cost-{_slug(lesion)}", float(end / before)
    return at_most(id, statement, source=OURS, kind="own", expected=HARM, measured=left)


def _restores(results: Results, rule: str, place: int, lesion: str, costly: Claim) -> Claim:
    id = f"{rule}-{_slug(lesion)}"
    statement = f"{RULES[rule].capitalize()} after '{lesion}': share of the lost return and net speed that is back at "
    statement += "the end, the smaller of the two"
    if costly.verdict != "holds":
        why = "the lesion costs too little to tell"
        return not_tested(id, statement, source=OURS, kind="own", expected=f">= {RESTORED:g}", why=why)
    shares = {measure: _shares(results, rule, place, measure) for measure in ("returns", "speed")}
    note = ", ".join(f"{name} {x.mean():.2f} ({x.min():.2f} to {x.max():.2f})" for name, x in shares.items())
    measured = min(float(share.mean()) for share in shares.values())
    note += " over starts"
    return at_least(id, statement, source=OURS, kind="own", expected=RESTORED, measured=measured, note=note)


def _shares(results: Results, rule: str, place: int, measure: str) -> np.ndarray:
    """Return the share of what the lesion took that the rule has brought back at the end, for each start."""
    healthy, _, lesioned = results.array(f"none/{measure}")[place].T
    share: np.ndarray = (results.array(f"{rule}/{measure}")[place, :, 2] - lesioned) / (healthy - lesioned)
    return share


def _slug(lesion: str) -> str:
    return lesion.replace(" ", "-")


def figures(config: Config, results: Results) -> Figure:
    """Return the figure: net speed over time for each lesion and rule, and returns at the end."""
    return figure(config, results, RULES)


experiment = Experiment(
    name="swimmer_recovery",
    title="Recovery of a swimmer's gait from lesions by homeostatic rules",
    citation=CITATION,
    config=Config,
    presets=PRESETS,
    run=run,
    claims=claims,
    figures=figures,
)

__all__ = ["Config", "experiment"]
