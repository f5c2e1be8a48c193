"""Messages that the bot posts and edits: cards of SMS messages, balance warnings, digests."""
