"""Rules that bring a gait back after lesions in mid-swim."""
