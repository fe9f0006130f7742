"""Settings of the study of adaptive whitening and their presets."""

from __future__ import annotations

from dataclasses import dataclass

from neurosim.experiment import setting


@dataclass(frozen=True)
class Config:
    """Settings of the study; defaults are the published values of rates and sizes, presets shorten what takes long."""

    seeds: int = setting(5, "copies of every circuit with random numbers of their own", low=2)
    online_eta: float = setting(2e-3, "learning rate of gains, on line", low=1e-6)
    online_samples: int = setting(10_000, "samples in each of the two contexts", low=10)
    frame_repeats: int = setting(100, "random inputs for which frames are compared", low=2)
    frame_eta: float = setting(1e-2, "learning rate of gains where frames are compared", low=1e-6)
    frame_updates: int = setting(100_000, "updates where frames are compared", low=10)
    frame_sizes: tuple[int, ...] = setting((2, 3), "primary neurons where frames are compared", low=2, high=3)
    threshold: float = setting(0.1, "error that counts as whitened", low=1e-6)
    switch_eta: float = setting(1e-3, "learning rate of gains in changing contexts", low=1e-6)
    switch_updates: int = setting(10_000, "updates in each of the contexts A, B, A, B", low=2)
    switch_size: int = setting(6, "primary neurons in changing contexts", low=2)
    ill_eta: float = setting(2e-2, "learning rate of gains for the ill-conditioned input", low=1e-6)
    ill_updates: int = setting(5000, "updates for the ill-conditioned input", low=10)
    subspace_eta: float = setting(5e-3, "learning rate of the afferent weights; gains learn 20 times faster")
    subspace_samples: int = setting(1000, "samples of the principal subspace", low=10)
    subspace_repeats: int = setting(50, "repeats of the principal subspace", low=2)
    patch: int = setting(12, "edge of the patches that local interneurons whiten", unit="pixel", low=2)
    patch_eta: float = setting(2e-2, "learning rate of gains for patches", low=1e-6)
    patch_updates: int = setting(65_536, "updates for patches", low=10)
    contexts: int = setting(64, "contexts that share a basis", low=20)
    slow_gain_eta: float = setting(5e-2, "learning rate of gains beside slow synapses", low=1e-6)
    slow_eta: float = setting(1e-5, "learning rate of the slow synapses", low=0.0)
    slow_shown: int = setting(1024, "contexts shown, the first ten and the last ten the same", low=21)
    slow_samples: int = setting(1024, "samples in each context shown", low=1)
    repeated_eta: float = setting(1e-4, "learning rate of the slow synapses where it is repeated", low=0.0)
    repeated_samples: int = setting(512, "samples in each context where it is repeated", low=1)
    repeats: int = setting(250, "repeats with other bases and contexts", low=2)
    field: int = setting(5, "edge of the patches whose contexts are learned", unit="pixel", low=2)
    field_contexts: int = setting(56, "contexts of patches; a fifth is kept for the test", low=10)
    field_eta: float = setting(5e-2, "learning rate of the slow synapses on patches", low=0.0)
    field_gain_eta: float = setting(
        0.1, "learning rate of gains on patches; 0.5 is published, for images", low=1e-6
    )
    field_shown: int = setting(1000, "contexts of patches shown", low=1)
    field_updates: int = setting(50, "updates in each context of patches", low=1)
    covariances: str = setting("", "file of covariances (contexts, N, N) in NumPy's format, or none")


PRESETS = {
    "quick": Config(
        frame_updates=2500,
        frame_sizes=(2,),
        switch_eta=1e-2,
        switch_updates=1000,
        ill_updates=1500,
        patch=3,
        patch_updates=1000,
        slow_eta=1e-3,
        slow_shown=128,
        slow_samples=64,
        repeated_eta=1e-3,
        repeated_samples=48,
        repeats=20,
        field=3,
        field_contexts=30,
        field_shown=40,
    ),
    "paper": Config(patch=6, patch_updates=10_000),
}
