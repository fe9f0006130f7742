"""The clauses of the contract of rules, one file for each group."""
