"""The fused engine: loops printed from lowered blocks, compiled by numba, one for all parts of a kind."""
