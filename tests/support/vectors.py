"""What the official kwtSMS clients answer, as their code and tests were recorded."""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "client" / "data" / "official-clients.json"
VECTORS: dict[str, Any] = json.loads(FILE.read_text())  # `meta` says what its rows hold.


def disagreements(section: str) -> list[dict[str, Any]]:
    """The inputs on which the official clients disagree, with the answer that is recommended."""
    return [row for row in VECTORS["disagreements"] if row["section"] == section]
