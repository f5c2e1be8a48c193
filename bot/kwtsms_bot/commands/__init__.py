"""The /sms commands: each turns an `Invocation` into a `Reply`. Independent of Slack."""
