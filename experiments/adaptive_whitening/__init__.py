"""Whitening by interneurons with fast gains, and with slow synapses beside them."""
