"""Sparse training by pruning and regrowth, and how pruning harms a network early and late."""
