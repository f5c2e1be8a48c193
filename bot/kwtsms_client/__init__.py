"""A kwtSMS client."""
