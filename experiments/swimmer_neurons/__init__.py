"""The swimmer with neurons that take time: leaky and spiking ones, and weights of the connectome."""
