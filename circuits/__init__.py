"""Circuits: builders of networks with named inputs and outputs, each found by the name of its module."""

from neurosim.model.registries import circuits as registry

__all__ = ["registry"]
