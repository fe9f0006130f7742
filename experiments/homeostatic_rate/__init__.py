"""Learning rates that a network regulates by how well it does, while labels change."""
