"""The engines on which a test runs: without slow tests those that are fast to start, with them Brian2 as well.

That engines agree is tested for itself: on networks of every kind (`engines/`), and for rules by their contract. A test
of one rule or one mechanism may thus ask about its equation alone.
"""

import pytest

BOTH = ["fused", pytest.param("brian2", marks=pytest.mark.slow)]
EACH = [*BOTH, "jax"]
