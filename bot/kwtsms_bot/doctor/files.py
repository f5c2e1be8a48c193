"""Files that hold secrets, texts or numbers: whether everybody on the machine can read them."""

import os
from pathlib import Path

from kwtsms_bot.doctor.finding import Finding, Level

CHECK = "Files"
OTHERS = 0o007  # A group may be meant to read, as deploy/ lets the bot's read its secrets.
TOKENS = ("xoxb-", "xapp-")


def examine(config: Path, database: Path | None) -> tuple[Finding, ...]:
    """The configuration, the .env beside it, and the database where it is a file."""
    if os.name != "posix":
        return ()
    held = {
        config: "secrets" if _has_tokens(config) else "",
        config.with_name(".env"): "secrets",
    }
    if database is not None:
        held[database] = "texts and numbers"
    return tuple(
        Finding(
            CHECK,
            Level.WARNING,
            f"{file} holds {what}, and everybody on this machine can read it.",
            f"chmod o= {file}",
        )
        for file, what in held.items()
        if what and file.is_file() and file.stat().st_mode & OTHERS
    )


def _has_tokens(config: Path) -> bool:
    text = config.read_text(encoding="utf-8", errors="replace")
    return any(beginning in text for beginning in TOKENS)
