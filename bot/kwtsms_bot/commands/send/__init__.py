"""`/sms send`: from a typed line or a form to a message in the outbox."""
