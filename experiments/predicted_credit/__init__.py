"""Credit that a module predicts before it can be known."""
