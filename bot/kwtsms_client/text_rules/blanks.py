"""The blanks around removed characters: no more of them remain than the text needs. Pure.

Blanks that nobody removed anything from stay as they were typed.
"""

GAP = "\x01"  # Marks where something was removed; cleaning removes this character itself.
_GAP_BETWEEN_BLANKS = f" {GAP} "


def close_gaps(marked: str) -> str:
    """The text without gaps, and with no more blanks around them than the text needs."""
    text = marked.replace(_GAP_BETWEEN_BLANKS, " ").replace(GAP, "")
    if text.isprintable() and "  " not in text and text.strip() == text:  # True of most texts.
        return text
    return _join_parts(marked.split(GAP))


def _join_parts(parts: list[str]) -> str:
    text = part = parts[0]
    if text.isspace():
        text = ""
    for part in parts[1:]:
        if not text:
            text = part.lstrip()
        elif text[-1].isspace() and part[:1].isspace():
            kept, begin = _join_blanks(text, part)
            text = text[:kept] + part[begin:]
        else:
            text += part
    return text.rstrip() if not part or part.isspace() else text


def _join_blanks(before: str, behind: str) -> tuple[int, int]:
    """Where the text before a gap now ends, and where the text behind it begins.

    One blank remains of those on both sides; or the line ends of one side, with the indentation.
    """
    visible, begin = len(before.rstrip()), len(behind) - len(behind.lstrip())
    ends_before, ends_behind = before.count("\n", visible), behind.count("\n", 0, begin)
    if not (ends_before or ends_behind):
        return visible + 1, begin
    if ends_before > ends_behind:
        return len(before), begin
    return visible, behind.index("\n")
