"""Critical periods of learning in deep linear networks."""
