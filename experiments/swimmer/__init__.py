"""The motor circuit of C. elegans as a controller of a swimming body."""
