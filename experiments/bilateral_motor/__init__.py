"""Two hemispheres that learn to move one arm."""
