"""Equilibrium propagation without symmetric weights, and homeostasis of the Jacobian."""
