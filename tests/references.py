"""The engines on which the test of one rule runs: the default one, and with the slow tests Brian2 as well.

That engines agree on rules of every kind is tested for itself (`engines/`, and the contract of rules), so that a rule's
own test may ask about the equation alone.
"""

import pytest

BOTH = ["fused", pytest.param("brian2", marks=pytest.mark.slow)]
