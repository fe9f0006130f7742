"""From a network's description to a program: written-out equations, then the blocks of one step in order."""
