"""Escalation: who is texted next while nobody acknowledges. Pure."""
