"""Circuits: builders of networks with named inputs and outputs, found by their entry points."""

from neurosim.model.registries import circuits as registry

__all__ = ["registry"]
