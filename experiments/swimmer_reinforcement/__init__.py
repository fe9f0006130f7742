"""The swimmer's circuit and multilayer perceptrons, trained by reinforcement."""
