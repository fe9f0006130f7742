"""Measures a workload: our engine first, then its peers, then interleaved rounds of all."""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from neurosim.bench import catalogue
from neurosim.bench.agreement import compare
from neurosim.bench.machine import machine
from neurosim.bench.session import Session
from neurosim.bench.targets import judged
from neurosim.bench.workload import Case, Facts, Traffic, Workload
from neurosim.errors import DescriptionError, RunFailed

OURS = catalogue.OURS
Say = Callable[[str], None]


def measure(
    workload: Workload,
    peers: Sequence[str] = tuple(catalogue.PEERS),
    rounds: int = 5,
    cases: Sequence[Case] | None = None,
    say: Say = lambda text: None,
) -> dict[str, Any]:
    """Measure a workload on our engine and on peers, each in a process and on a thread of its own.

    Arguments:
        workload: what is measured.
        peers: names; those that do not describe this workload are left out, those not installed are named with the
            reason.
        rounds: number of rounds, over which medians are taken.
        cases: by default those of the workload.
        say: called with a line about each result as it comes.

    Returns a JSON-like dictionary: cases with contenders, floor and missing peers; targets with verdicts; the machine.
    Raises DescriptionError for no rounds, UnknownNameError for an unknown peer, RunFailed if our own engine fails.
    """
    if rounds < 1:
        raise DescriptionError(f"bench: rounds = {rounds}: give at least 1")
    wanted = [name for name in peers if catalogue.peer(name) and name in workload.peers]
    measured = []
    for case in workload.cases if cases is None else cases:
        folder = Path(tempfile.mkdtemp(prefix="neurosim-bench-"))
        try:
            measured.append(_Measurement(workload, case, folder, say).run(wanted, rounds))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return {
        "workload": workload.name,
        "title": workload.title,
        "rounds": rounds,
        "cases": measured,
        "targets": judged(workload, measured),
        "machine": machine(),
    }


class _Measurement:
    """One case: sessions of the contenders that run, reasons why others do not, and what has been measured."""

    def __init__(self, workload: Workload, case: Case, folder: Path, say: Say) -> None:
        self.workload, self.case, self.folder = workload, case, folder
        self.say: Say = lambda text: say(f"{workload.name}, {case.label}: {text}")
        self.sessions: dict[str, Session] = {}
        self.missing: dict[str, str] = {}
        self.build: dict[str, Any] = {}
        self.runs: dict[str, list[Mapping[str, Any]]] = {}
        self.bandwidth: list[dict[str, float]] = []

    def run(self, peers: Sequence[str], rounds: int) -> dict[str, Any]:
        """Measure and return the summary."""
        with ExitStack() as stack:
            self.stack = stack
            self.begin()
            for peer in peers:
                self.join(peer)
            for number in range(rounds):
                for name, session in self.sessions.items():
                    self.runs[name].append(session.ask("run"))
                    if name == OURS:  # at once: the speed of memory varies with what else the machine does
                        self.measure_bandwidth()
                self.say(f"round {number + 1} of {rounds} done")
        return self.summary()

    def open(self, contender: str) -> Session:
        """Return a new process for a contender."""
        words = ["neurosim.bench.worker", contender, self.workload.name, json.dumps(asdict(self.case))]
        session = Session(contender, [*words, str(self.folder)], self.folder, self.folder / "cache")
        return self.stack.enter_context(session)

    def begin(self) -> None:
        """Build our network with an empty cache, again in a new process with a warm one, and run it once."""
        cold = self.open(OURS)
        self.build[OURS] = {"cold": cold.ask("build")}
        cold.close()
        session = self.open(OURS)
        self.build[OURS]["warm"] = session.ask("build")
        first = session.ask("run")
        session.ask("save")
        self.ours = self.results(OURS)
        facts = dict(session.ask("facts"))
        self.held = {name: facts.pop(name) for name in ("bytes_held", "bytes_per_plastic_synapse")}
        self.facts = Facts(**facts)
        self.traffic: Sequence[Traffic] = self.workload.traffic(self.case, self.facts)
        self.sessions[OURS], self.runs[OURS] = session, []
        cold_s, warm_s = (self.build[OURS][kind]["wall"] for kind in ("cold", "warm"))
        self.say(
            f"{OURS}: first step after {cold_s:.1f} s, with a warm cache {warm_s:.2f} s; {self.case.duration:g} s "
            f"of network time in {first['cpu']:.3g} s; {sum(self.facts.spikes.values()):,} spikes"
        )

    def join(self, name: str) -> None:
        """Build a peer's network, run it once and compare, or note why it is missing."""
        reason = catalogue.missing(catalogue.PEERS[name])
        try:
            if reason is not None:
                raise RunFailed(reason)
            session = self.open(name)
            build = session.ask("build")
            first = session.ask("run")
            session.ask("save")
        except RunFailed as error:
            self.missing[name] = str(error)
            self.say(f"{name}: not measured: {error}")
            return
        self.build[name], self.runs[name], self.sessions[name] = {"cold": build}, [], session
        self.say(f"{name}: built in {build['wall']:.1f} s, run in {first['cpu']:.3g} s")

    def results(self, name: str) -> dict[str, np.ndarray]:
        """Return the results of a contender's first run."""
        with np.load(self.folder / f"{name}.npz") as file:
            return dict(file)

    def measure_bandwidth(self) -> None:
        """Measure the bandwidth of each working set."""
        found = {}
        for traffic in self.traffic:
            found[traffic.what] = self.sessions[OURS].ask(f"bandwidth {traffic.working_set}")["bandwidth"]
        self.bandwidth.append(found)

    def summary(self) -> dict[str, Any]:
        """Return medians, ratios, agreement and the floor."""
        synapses = sum(self.facts.edges.values())
        return {
            **asdict(self.case),
            "synapses": synapses,
            "facts": asdict(self.facts),
            "floor": self.floor(),
            "contenders": {name: self.contender(name, synapses) for name in self.sessions},
            "missing": self.missing,
        }

    def floor(self) -> dict[str, Any]:
        """Return the time in which the memory could be moved, its share of ours, and what is moved."""
        rounds = [sum(t.moved / found[t.what] for t in self.traffic) for found in self.bandwidth]
        shares = [floor / run["cpu"] for floor, run in zip(rounds, self.runs[OURS], strict=True)]
        speeds = {t.what: statistics.median(found[t.what] for found in self.bandwidth) for t in self.traffic}
        return {
            "seconds": statistics.median(rounds),
            "share": statistics.median(shares),
            "rounds": {"seconds": rounds, "share": shares},
            "parts": [{**asdict(t), "bandwidth": speeds[t.what]} for t in self.traffic],
        }

    def contender(self, name: str, synapses: int) -> dict[str, Any]:
        """Return what was measured for one contender."""
        runs, ours = self.runs[name], self.runs[OURS]
        ratios = [their["cpu"] / our["cpu"] for their, our in zip(runs, ours, strict=True)]
        memory = max(run["peak"] for run in runs)
        found = {
            "cpu": statistics.median(run["cpu"] for run in runs),
            "wall": statistics.median(run["wall"] for run in runs),
            "ratio": statistics.median(ratios),
            "memory": memory,
            "bytes_per_synapse": memory / synapses,
            "build": self.build[name],
            "rounds": {
                "cpu": [run["cpu"] for run in runs],
                "wall": [run["wall"] for run in runs],
                "ratio": ratios,
            },
            "agreement": compare(self.ours, self.results(name), in_law=not self.workload.same),
        }
        return found if name != OURS else {**found, **self.held}
