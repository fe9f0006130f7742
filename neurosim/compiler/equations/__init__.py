"""From a description to equations: every rule, gain and signal written out on named variables."""
