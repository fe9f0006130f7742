"""The parts that learners are made of."""
