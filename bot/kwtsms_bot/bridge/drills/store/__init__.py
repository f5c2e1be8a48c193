"""Statements of drills, and of the switch that stops them."""
