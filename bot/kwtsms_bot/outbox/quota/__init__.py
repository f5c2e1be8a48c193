"""Limits on what may be sent, and the usage that counts against them."""
