"""The fused engine: the whole step as one compiled loop, printed from lowered blocks and compiled by numba."""
