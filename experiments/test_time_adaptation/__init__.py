"""Adaptation at test time by a neuro-modulated Hebbian layer."""
