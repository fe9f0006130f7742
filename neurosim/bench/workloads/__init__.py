"""The networks that are measured."""
