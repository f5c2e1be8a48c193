"""Modals in which people write and confirm a message."""
