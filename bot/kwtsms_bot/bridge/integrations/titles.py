"""Titles of conditions that are either up or down, in the script of their name. Pure."""

import re

ARABIC = re.compile("[\u0620-\u064a\u066e-\u06d3\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]")


def state_title(name: str, *, up: bool) -> str:
    """`Shop is down`; an Arabic name gets Arabic words."""
    if ARABIC.search(name):
        return f"{name}: {'يعمل' if up else 'متوقف'}"
    return f"{name} is {'up' if up else 'down'}"


def unreachable_title(name: str) -> str:
    """`Shop is unreachable`; an Arabic name gets Arabic words."""
    return f"{name}: تعذر الوصول إليه" if ARABIC.search(name) else f"{name} is unreachable"
