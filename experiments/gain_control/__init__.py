"""Adaptation of orientation tuning by input gains in a fixed recurrent circuit."""
