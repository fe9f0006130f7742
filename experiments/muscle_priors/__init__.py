"""What an arm has learned in several tasks makes new ones faster to learn."""
