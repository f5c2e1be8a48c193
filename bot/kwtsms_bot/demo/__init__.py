"""The bot between a local Slack and a local kwtSMS; the only importer of the sandbox."""
