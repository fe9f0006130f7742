"""The reference engine: Brian2 runs the equations."""
