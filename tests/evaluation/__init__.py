"""Evaluations: slower than tests, with figures instead of verdicts. `make evaluate` runs them."""
