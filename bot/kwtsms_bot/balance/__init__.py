"""Tells somebody before the credits run out. Knows no Slack."""
