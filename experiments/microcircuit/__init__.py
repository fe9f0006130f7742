"""The study of the cortical microcircuit."""
