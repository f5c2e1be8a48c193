"""Outcomes that were lost: evidence, decisions of people, cancellation."""
