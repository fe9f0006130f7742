"""Gradient descent as a part of a learner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from neurosim.learning.bptt.losses import Term
from neurosim.learning.bptt.model import Parameters
from neurosim.learning.bptt.objective import Objective
from neurosim.learning.protocol.credit import credited, credits
from neurosim.learning.protocol.now import Now
from neurosim.learning.protocol.part import Part
from neurosim.learning.protocol.parts.gradient_rule import GradientRule, fitting_rules


class Descend(Part):
    """Descent of losses by back-propagation: p <- p + u(g), g the gradient of the objective, u of an optimiser of
    optax.

    Arguments: objective, or one term, a function (outcome, batch) -> scalar; optimiser, clipping and schedule included;
    parameters, names or patterns of those that descend, by default all that no other part names; through, rules of the
    class `GradientRule` by names of parameters, which the gradient passes before the optimiser; credit, recordings by
    the variable whose derivative they replace, `{"h.output": "module.output"}`: forward nothing changes, backward what
    the module puts out takes the place of dL/d(variable); watch, variables whose true dL/d(variable) (trials, steps,
    units) parts after this one find in the batch as `batch["credit"]`, such as the target of a module; updated, whether
    the gradient is that of the parameters as the parts before this one have left them, which costs a run of the model,
    by default of those at the start of the step, as all parts see; name, if there are two. Variables of credit and
    watch are `clampable` of the model.
    """

    yields = True

    def __init__(
        self,
        objective: Objective | Term,
        optimiser: optax.GradientTransformation,
        parameters: Sequence[str] = ("*",),
        *,
        through: Mapping[str, GradientRule] | None = None,
        credit: Mapping[str, str] | None = None,
        watch: Sequence[str] = (),
        updated: bool = False,
        name: str = "Descend",
    ) -> None:
        self.objective = objective if isinstance(objective, Objective) else Objective({"loss": objective})
        self.optimiser, self.patterns, self.name = optimiser, tuple(parameters), name
        self.through, self.credit, self.watch = through or {}, credit or {}, tuple(watch)
        self.updated = updated

    def arguments(self, names: Sequence[str], seeds: int, losses: Mapping[str, Any]) -> Any:
        """Return (weights of terms in losses, shares of losses by name of the parameter), seeds first."""
        own = {loss: given for loss, given in losses.items() if loss in self.objective.losses}
        return self.objective.weights(seeds, own), self.objective.shares(names, seeds)

    def start(self, parameters: Parameters, batch: Any) -> Any:
        """Return the state of the optimiser."""
        fitting_rules(self.through, parameters)
        return self.optimiser.init(parameters)

    def look(self, now: Now) -> None:
        """Take the gradient, unless it is that of a later moment."""
        if not self.updated:
            self.slope(now)

    def slope(self, now: Now) -> None:
        """Take the gradient."""
        parameters = now.after if self.updated else now.before
        weights, shares = now.arguments[self.name]
        own = {name: parameters[name] for name in shares}

        def terms(trained: Parameters, batch: Any) -> tuple[Array, Any]:
            outcome, memory = now.run({**parameters, **trained}, batch)
            return self.objective.measure(outcome, batch), (outcome, memory)

        def loss(parameters: Parameters, batch: Any) -> Array:
            losses = weights @ terms(parameters, batch)[0]
            return losses[self.objective.taught_index].sum()

        batch = credited(now, self.credit) if self.credit else now.batch
        gradient, values, lived = self.objective.gradient(
            lambda trained: terms(trained, batch), own, weights, shares
        )
        if self.watch:
            slopes = credits(now, self.watch, lived[0], lambda batch: loss(parameters, batch))
            now.batch = {**now.batch, "credit": {**now.batch.get("credit", {}), **slopes}}
        if not self.updated:
            now.lived(*lived)
        now.note("loss", loss)
        now.note("losses", dict(zip(self.objective.losses, weights @ values, strict=True)))
        now.note("gradient", {**now.notes.get("gradient", {}), **gradient})
        now.note(f"{self.name}/terms", values)

    def step(self, now: Now, state: Any) -> tuple[Parameters, Any]:
        """Return (parameters, state of the optimiser) after an update."""
        if self.updated:
            self.slope(now)
        shares = now.arguments[self.name][1]
        own = {name: now.parameters[name] for name in shares}
        gradient = {name: now.gradient[name] for name in shares}
        for name, rule in fitting_rules(self.through, own).items():
            gradient[name] = rule.passed(now, name, gradient[name])
        if now.rates:
            gradient = {n: jnp.where(now.rates[n] == 0, 0, slope) for n, slope in gradient.items()}
        updates, state = self.optimiser.update(gradient, state, own)
        return optax.apply_updates(own, updates), state

    def decayed(self, parameters: Parameters) -> list[str]:
        """Return the parameters that the optimiser changes without a gradient, such as by weight decay."""
        ones = {name: jnp.ones_like(value) for name, value in parameters.items()}
        updates, _ = self.optimiser.update(
            jax.tree.map(jnp.zeros_like, ones), self.optimiser.init(ones), ones
        )
        return [name for name, update in updates.items() if np.asarray(update).any()]
