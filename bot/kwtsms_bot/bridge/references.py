"""References of incidents: short enough for a text message, and never a word or a number."""

import secrets

LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ"
DIGITS = "23456789"  # Nothing that looks like a letter.
LENGTH = 5


def new_ref() -> str:
    """Returns a new reference: five characters, at least one letter and one digit."""
    while True:
        ref = "".join(secrets.choice(LETTERS + DIGITS) for _ in range(LENGTH))
        if not ref.isalpha() and not ref.isdigit():
            return ref
