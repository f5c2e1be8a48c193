"""What /sms can do. Knows no Slack: it is asked with an `Invocation` and answers with a `Reply`."""
