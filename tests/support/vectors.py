"""The official kwtSMS clients' answers, recorded from their code and tests."""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "client" / "data" / "official-clients.json"
VECTORS: dict[str, Any] = json.loads(FILE.read_text())  # `meta` describes the rows.


def disagreements(section: str) -> list[dict[str, Any]]:
    """The inputs on which the official clients disagree, with the recommended answer."""
    return [row for row in VECTORS["disagreements"] if row["section"] == section]
