"""The contract of a comparison of learning steps, and which there are."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass

from neurosim.bench.program import Program


@dataclass(frozen=True)
class Descent:
    """One learning step in our way and in a peer's.

    name; title; module, that holds the programs; peer, its title; needs, modules of the peer; steps, how many ours and
    the peer take per run; low, the least ratio of CPU time wanted; aim, the ratio hoped for; same, whether both take
    the same steps from the same numbers, so that their losses can be compared; ours, theirs, names of the programs in
    the module; start, the most CPU time (s) wanted of our first step, with an empty cache and with a filled one, or
    None.
    """

    name: str
    title: str
    module: str
    peer: str
    needs: tuple[str, ...]
    steps: tuple[int, int]
    low: float
    aim: float
    same: bool
    ours: str = "Ours"
    theirs: str = "Peer"
    start: tuple[float, float] | None = None

    def missing(self) -> str | None:
        """Return why the peer cannot run here, or None if it can."""
        absent = [module for module in self.needs if importlib.util.find_spec(module) is None]
        return f"{absent[0]} is not installed" if absent else None

    def program(self, contender: str) -> type[Program]:
        """Return the program of a contender, 'ours' or 'peer', which imports what it needs."""
        module = importlib.import_module(f"neurosim.bench.descents.{self.module}")
        return {"ours": getattr(module, self.ours), "peer": getattr(module, self.theirs)}[contender]


SPIKING = "140 inputs, 128 recurrent spiking neurons, 20 read-outs: 64 trials of 100 steps, "
SPIKING += "forward, backward and update"
DESCENTS = {
    "arm": Descent(
        "arm",
        "GRU(64) reaches with a six-muscle arm: 64 trials of 100 steps, forward, backward and update",
        "arm",
        "MotorNet",
        ("torch", "motornet"),
        (10, 2),
        low=15,
        aim=25,
        same=False,
    ),
    "training": Descent(
        "training",
        "recurrent network of 100 units: 256 trials of 16 steps, forward, backward and update",
        "recurrent",
        "PyTorch, eager",
        ("torch",),
        (40, 40),
        low=2,
        aim=3,
        same=True,
    ),
    "soft_hebb": Descent(
        "soft_hebb",
        "SoftHebb, 784 inputs to 100 units: one batch of 64 patterns",
        "soft_hebb",
        "numpy, products of matrices",
        ("numpy",),
        (200, 200),
        low=1 / 3,
        aim=0.5,
        same=True,
        ours="OnFused",
    ),
    "soft_hebb_jax": Descent(
        "soft_hebb_jax",
        "SoftHebb, 784 inputs to 100 units: one batch of 64 patterns, on the engine jax",
        "soft_hebb",
        "numpy, products of matrices",
        ("numpy",),
        (200, 200),
        low=1 / 3,
        aim=0.5,
        same=True,
        ours="OnJax",
    ),
    "whitening": Descent(
        "whitening",
        "64 circuits that whiten by gains and slow synapses: one pattern of 50 steps",
        "whitening",
        "numpy, all circuits at once",
        ("numpy",),
        (300, 300),
        low=0.5,
        aim=1,
        same=True,
        ours="OnFused",
    ),
    "whitening_jax": Descent(
        "whitening_jax",
        "64 circuits that whiten by gains and slow synapses: one pattern of 50 steps, on the engine jax",
        "whitening",
        "numpy, all circuits at once",
        ("numpy",),
        (300, 300),
        low=0.5,
        aim=1,
        same=True,
        ours="OnJax",
    ),
    "spiking_snntorch": Descent(
        "spiking_snntorch",
        SPIKING,
        "spiking",
        "snnTorch",
        ("torch", "snntorch"),
        (20, 5),
        low=3,
        aim=6,
        same=True,
        ours="LikeSnnTorch",
        theirs="SnnTorch",
    ),
    "spiking_norse": Descent(
        "spiking_norse",
        SPIKING,
        "spiking",
        "Norse",
        ("torch", "norse"),
        (20, 5),
        low=3,
        aim=6,
        same=True,
        ours="LikeNorse",
        theirs="Norse",
    ),
    "local": Descent(
        "local",
        "ten projections, 64 trials of 20 steps: nine descend, one follows a rule of its own",
        "local",
        "the same without the rule",
        (),
        (40, 40),
        low=1 / 1.5,
        aim=1,
        same=False,
        ours="With",
        theirs="Without",
        start=(5, 1),
    ),
}
