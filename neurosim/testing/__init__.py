"""Checks for rules of any origin, and a template for a new rule."""

from neurosim.testing.by_name import check_rule_by_name, load_rule
from neurosim.testing.check import check_rule, examine_rule
from neurosim.testing.hosts import ADAPTIVE, HOSTS, RATE, SPIKING, Host
from neurosim.testing.imposed import Imposed, imposed_population
from neurosim.testing.report import ContractReport, Outcome
from neurosim.testing.template import new_rule

__all__ = [
    "ADAPTIVE",
    "HOSTS",
    "RATE",
    "SPIKING",
    "ContractReport",
    "Host",
    "Imposed",
    "Outcome",
    "check_rule",
    "check_rule_by_name",
    "examine_rule",
    "imposed_population",
    "load_rule",
    "new_rule",
]
