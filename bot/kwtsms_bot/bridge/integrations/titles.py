"""Titles of conditions, with words in the script of their name. Pure."""

import re

ARABIC = re.compile("[\u0620-\u064a\u066e-\u06d3\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]")


def state_title(name: str, *, up: bool) -> str:
    """`Shop is down`; an Arabic name gets Arabic words."""
    if up:
        return by_script(name, f"{name} is up", f"{name}: يعمل")
    return by_script(name, f"{name} is down", f"{name}: متوقف")


def unreachable_title(name: str) -> str:
    """`Shop is unreachable`; an Arabic name gets Arabic words."""
    return by_script(name, f"{name} is unreachable", f"{name}: تعذر الوصول إليه")


def by_script(name: str, latin: str, arabic: str) -> str:
    """The Arabic text if the name has Arabic letters, else the other one."""
    return arabic if ARABIC.search(name) else latin
