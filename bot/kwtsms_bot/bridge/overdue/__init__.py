"""Integrations that are overdue: nothing was accepted from them for longer than expected."""
