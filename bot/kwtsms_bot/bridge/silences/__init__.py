"""Alerts that are shown but not texted for a time: by people, at night, or below another. Pure."""
