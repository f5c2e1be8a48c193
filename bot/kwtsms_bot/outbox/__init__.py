"""The outbox: messages from acceptance to their last known state. Knows nothing of Slack."""
