"""Alerts of other tools become text messages. Knows no Slack, no SQL and no HTTP."""
