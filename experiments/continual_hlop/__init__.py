"""Continual learning by Hebbian orthogonal projection."""
