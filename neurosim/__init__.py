"""neurosim: a biologically inspired learning simulator."""
