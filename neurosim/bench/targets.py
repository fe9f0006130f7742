"""What a workload should reach, and whether it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neurosim.bench.catalogue import OURS
from neurosim.bench.workload import Target, Workload

START = (("cold", 8.0), ("warm", 0.5))


def judged(workload: Workload, cases: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return each target with what was measured and whether it holds (None if it was not measured)."""
    verdicts = []
    before: Mapping[str, Any] | None = None
    for case in cases:
        values = quantities(case, before)
        starts = [Target(case["label"], f"start {kind}", high=seconds) for kind, seconds in START]
        for target in (*workload.targets, *starts, *_agreement(workload, case)):
            if target.label == case["label"]:
                measured = values.get(target.what)
                verdicts.append({**vars(target), "measured": measured, "holds": _holds(target, measured)})
        before = case
    return verdicts


def quantities(case: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, float | None]:
    """Return the quantities that targets refer to, by name; `before` is the case of half the size, if there is one."""
    contenders, ours = case["contenders"], case["contenders"][OURS]
    values: dict[str, float | None] = {f"ratio to {name}": c["ratio"] for name, c in contenders.items()}
    values |= {f"start {kind}": spent["cpu"] for kind, spent in ours["build"].items()}
    values["share of the floor"] = case["floor"]["share"]
    values["bytes per plastic synapse"] = ours["bytes_per_plastic_synapse"]
    for name, contender in contenders.items():
        if contender["agreement"]["identical"] is not None:
            values[f"identical to {name}"] = float(contender["agreement"]["identical"])
        for state, error in contender["agreement"]["error"].items():
            values[f"error of {state} to {name}"] = error
    if before is not None:
        past = before["contenders"][OURS]
        values["time per doubling"] = ours["cpu"] / past["cpu"]
        values["memory per doubling"] = ours["memory"] / past["memory"]
    return values


def _agreement(workload: Workload, case: Mapping[str, Any]) -> list[Target]:
    """Return what must hold for a workload with exact peers: Brian2's spikes, one by one, and final weights."""
    targets: list[Target] = []
    if case["dtype"] != "float64":
        return targets
    for name, contender in case["contenders"].items():
        if name == OURS or name not in workload.same:
            continue
        if contender["agreement"]["identical"] is not None:
            targets.append(Target(case["label"], f"identical to {name}", low=1.0))
        for state in contender["agreement"]["error"]:
            targets.append(Target(case["label"], f"error of {state} to {name}", high=1e-9))
    return targets


def _holds(target: Target, measured: float | None) -> bool | None:
    if measured is None:
        return None
    return (target.low is None or measured >= target.low) and (target.high is None or measured <= target.high)
