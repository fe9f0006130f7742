"""Initial connectivity and rich against lazy learning in recurrent networks."""
