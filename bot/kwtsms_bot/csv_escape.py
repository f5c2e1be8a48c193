"""A cell of a CSV file, such that no spreadsheet takes it for a formula. Pure."""

# Excel, LibreOffice and Google Sheets run what begins so, the wide forms of the signs too.
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def escape_formula(text: str) -> str:
    """`text`, behind an apostrophe where a spreadsheet would run it."""
    return f"'{text}" if text.startswith(FORMULA_PREFIXES) else text
