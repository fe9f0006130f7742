"""Learning to reach with a six-muscle arm: our closed loop, and MotorNet's."""

from __future__ import annotations

import importlib
from typing import Any

import jax.numpy as jnp
import optax

from neurosim.bench.descents.programs import OurSteps, TorchSteps
from neurosim.bodies.arm import Effector, Hill, Plant
from neurosim.learning.bptt import GRU, Model, Objective
from neurosim.learning.protocol import Descend, Fresh, Learner
from neurosim.tasks import RandomReach, rollout

UNITS, TRIALS, STEPS, RATE, EFFORT = 64, 64, 100, 4e-3, 0.01


class Ours(OurSteps):
    """Our arm, task and learner."""

    def __init__(self, steps: int) -> None:
        arm, task = Effector(Plant(muscle=Hill(slack=1.4))), RandomReach(STEPS)
        policy = GRU(16, UNITS, 6)

        def outcome(weights: Any, trials: Any, key: Any) -> Any:
            return rollout(arm, policy.controller(weights), trials, policy.start(TRIALS))

        terms = {
            "error": lambda episode, trials: jnp.abs(episode.hand - trials.aim).mean(),
            "effort": lambda episode, trials: jnp.square(episode.excitation).mean(),
        }
        objective = Objective(terms, {"reach": {"error": 1.0, "effort": EFFORT}})
        optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(RATE))
        learner = Learner(
            Model(policy.initial, outcome),
            Descend(objective, optimiser),
            batches=Fresh(lambda key: task.trials(arm.plant.skeleton, key, TRIALS)),
            every=steps,
        )
        super().__init__(learner)


class Peer(TorchSteps):
    """MotorNet's arm, task and policy, in the loop that its manual shows."""

    def prepare(self) -> None:
        """Create all that the steps require."""
        self.torch.manual_seed(0)
        effector, environment, muscle, policy = (
            importlib.import_module(f"motornet.{name}")
            for name in ("effector", "environment", "muscle", "policy")
        )
        arm = effector.RigidTendonArm26(muscle=muscle.RigidTendonHillMuscle(), timestep=0.01)
        self.world = environment.RandomTargetReach(effector=arm, max_ep_duration=STEPS * 0.01)
        device = self.torch.device("cpu")
        self.policy = policy.PolicyGRU(self.world.observation_space.shape[0], UNITS, 6, device=device)
        self.optimiser = self.torch.optim.Adam(self.policy.parameters(), lr=RATE)

    def step(self) -> float:
        """Take one training step and return its loss."""
        memory = self.policy.init_hidden(batch_size=TRIALS)
        senses, info = self.world.reset(options={"batch_size": TRIALS})
        hands, goals, efforts = [], [], []
        for _ in range(STEPS):
            action, memory = self.policy(senses, memory)
            senses, _, _, _, info = self.world.step(action=action)
            hands.append(info["states"]["fingertip"])
            goals.append(info["goal"])
            efforts.append(action)
        error = (self.torch.stack(hands) - self.torch.stack(goals)).abs().mean()
        loss = error + EFFORT * self.torch.stack(efforts).square().mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.torch.nn.utils.clip_grad_norm_(self.policy.parameters(), 1.0)
        self.optimiser.step()
        return float(loss.detach())
