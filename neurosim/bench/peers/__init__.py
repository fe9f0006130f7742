"""Other simulators, each behind the same contract."""
