"""The forms in which people write and confirm a message."""
