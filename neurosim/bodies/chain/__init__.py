"""Overdamped chains of rods with elastic and contractile elements, in a medium that resists by direction."""

from neurosim.bodies.chain.chain import Element, OverdampedChain

__all__ = ["Element", "OverdampedChain"]
