"""Running the bot: is it well, what has it done, and who is told. Knows no Slack and no SQL."""
