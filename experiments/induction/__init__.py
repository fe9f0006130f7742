"""Induction circuits: attention that learns to look up what followed, with and without clamps."""
