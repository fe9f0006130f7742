"""Grokking as the transition from lazy to rich learning."""
