"""The catalogue of rules: pages and figures that are generated from the classes."""

from neurosim.catalogue.pages import pages
from neurosim.catalogue.write import write_catalogue

__all__ = ["pages", "write_catalogue"]
