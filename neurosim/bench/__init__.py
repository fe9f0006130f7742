"""Benchmarks: the same networks on the fused engine and on other simulators, from the same arrays, in one run."""
