"""Timescales that emerge under training curricula: N-parity and delayed match."""
