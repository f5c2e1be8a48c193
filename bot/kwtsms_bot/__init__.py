"""The Slack bot and notification bridge for kwtSMS."""
