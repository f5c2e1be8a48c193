"""Drills: a test goes the whole way to a phone, and a person acknowledges it."""
