"""Checks whether everybody on the machine can read files with secrets, texts or numbers."""

import os
from pathlib import Path

from kwtsms_bot.doctor import Finding, FindingLevel

CHECK = "Files"
# Without the group's: it may be meant to read, as in deploy/ the bot's group reads its secrets.
OTHERS_PERMISSIONS = 0o007
TOKENS = ("xoxb-", "xapp-")


def check(config: Path, database: Path | None) -> tuple[Finding, ...]:
    """Checks the configuration, the .env beside it, and the database if it is a file."""
    if os.name != "posix":
        return ()
    sensitive_files = {
        config: "secrets" if _has_tokens(config) else "",
        config.with_name(".env"): "secrets",
    }
    if database is not None:
        sensitive_files[database] = "texts and numbers"
    return tuple(
        Finding(
            CHECK,
            FindingLevel.WARNING,
            f"{file} contains {what}, and everyone on this machine can read it.",
            f"chmod o= {file}",
        )
        for file, what in sensitive_files.items()
        if what and file.is_file() and file.stat().st_mode & OTHERS_PERMISSIONS
    )


def _has_tokens(config: Path) -> bool:
    text = config.read_text(encoding="utf-8", errors="replace")
    return any(beginning in text for beginning in TOKENS)
