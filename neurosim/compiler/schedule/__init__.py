"""From equations to a program: numerical methods, and the order of what one step does."""
