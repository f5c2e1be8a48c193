"""Ends of alerts that no tool reports."""
