"""A worm that swims in water and crawls on agar with one nervous system."""
