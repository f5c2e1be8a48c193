"""From queued rows to calls to kwtSMS, and from their outcomes back to rows."""
