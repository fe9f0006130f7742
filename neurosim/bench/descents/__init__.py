"""Steps of gradient descent, compared with the same step in another library."""
