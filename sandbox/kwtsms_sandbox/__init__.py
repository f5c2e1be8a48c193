"""A local kwtSMS gateway, a local Slack and a page to see both."""
