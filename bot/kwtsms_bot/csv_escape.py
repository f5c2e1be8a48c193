"""Escapes the cells of a CSV file, so that no spreadsheet runs one as a formula. Pure."""

# Excel, LibreOffice and Google Sheets run cells that begin so, with full-width signs too.
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def escape_formula(text: str) -> str:
    """`text`, with an apostrophe in front if a spreadsheet would run it."""
    return f"'{text}" if text.startswith(FORMULA_PREFIXES) else text
