"""Slack's refusals: an error code with its details. Decides nothing."""

from typing import Any


class Refused(Exception):
    """Refusal of a call, which is answered `{"ok": false, "error": code, …}`."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


def refused_for(code: str, problems: list[str]) -> Refused:
    """Returns a refusal with its reasons, in the two places where Slack puts them."""
    messages = [f"[ERROR] {problem}" for problem in problems]
    return Refused(code, errors=problems, response_metadata={"messages": messages})
