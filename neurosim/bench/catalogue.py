"""The workloads and peers, and why a peer is missing here."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
from dataclasses import dataclass

from neurosim.bench.descents.descent import DESCENTS
from neurosim.bench.workload import Workload
from neurosim.errors import UnknownNameError
from neurosim.registry import suggest

OURS = "fused"
WORKLOADS = {
    "w1": "cuba:Cuba",
    "w2": "cuba:LargeCuba",
    "w3": "stdp:PlasticCuba",
    "w4": "song_abbott:SongAbbott",
    "w5": "oja:RateOja",
    "w6": "cuba:DelayedCuba",
    "w7": "cuba:GrowingCuba",
    "w8": "parts:ManyParts",
    "w9": "microcircuit:Microcircuit",
    "w9_stdp": "microcircuit:PlasticMicrocircuit",
    "w10": "many_runs:ManyRuns",
}


@dataclass(frozen=True)
class Peer:
    """A simulator to compare with.

    Arguments:
        title: its name in tables.
        program: where its `Program` is defined.
        modules: the modules that it requires.
        compiled: whether it requires a C++ compiler.
    """

    title: str
    program: str
    modules: tuple[str, ...]
    compiled: bool = False


PEERS = {
    "brian2_cpp": Peer("Brian2 C++ standalone", "brian2:Standalone", ("brian2",), compiled=True),
    "brian2_cython": Peer("Brian2 Cython", "brian2:Runtime", ("brian2", "Cython"), compiled=True),
    "brian2_loop": Peer("Brian2 Cython, in a loop", "brian2:Loop", ("brian2", "Cython"), compiled=True),
    "nest": Peer("NEST", "nest:Nest", ("nest",)),
    "numpy": Peer("numpy", "dense:Dense", ("numpy",)),
    "torch": Peer("torch", "dense:Dense", ("torch",)),
    "jax": Peer("jax", "dense:Dense", ("jax",)),
}


def workload(name: str) -> Workload:
    """Return a workload by name; raises UnknownNameError."""
    if name not in WORKLOADS:
        raise UnknownNameError(f"unknown workload '{name}': {suggest(name, [*WORKLOADS, *DESCENTS, 'all'])}")
    return _load(f"workloads.{WORKLOADS[name]}")()


def peer(name: str) -> Peer:
    """Return a peer by name; raises UnknownNameError."""
    if name not in PEERS:
        raise UnknownNameError(f"unknown peer '{name}': {suggest(name, PEERS)}")
    return PEERS[name]


def program(peer: Peer) -> type:
    """Return the class of a peer's program, which imports the peer."""
    return _load(f"peers.{peer.program}")


def missing(peer: Peer) -> str | None:
    """Return why a peer cannot run here, or None if it can."""
    absent = [module for module in peer.modules if importlib.util.find_spec(module) is None]
    if absent:
        return f"{absent[0]} is not installed"
    if peer.compiled and not any(shutil.which(name) for name in ("g++", "c++", "clang++")):
        return "no C++ compiler is installed"
    return None


def _load(place: str) -> type:
    module, cls = place.split(":")
    return getattr(importlib.import_module(f"neurosim.bench.{module}"), cls)
