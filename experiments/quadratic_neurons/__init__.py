"""Neurons that multiply: quadratic neurons, and how to train them."""
