"""Schedules: rotations, calendars and overrides, which yield the people on call."""
