"""Slack's side of the bot: the only folder that imports slack_bolt and slack_sdk."""
