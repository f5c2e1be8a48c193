"""Statuses and delivery reports of what kwtSMS accepted."""
