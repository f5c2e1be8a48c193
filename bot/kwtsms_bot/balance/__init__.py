"""Watches the SMS balance and sends low-credit warnings. Imports no Slack code."""
