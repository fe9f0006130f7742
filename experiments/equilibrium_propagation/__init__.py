"""The study of equilibrium propagation."""
