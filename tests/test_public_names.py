"""Public names stay the same: those in users' scripts, dashboards, configuration and Slack.

`data/public_names.json` was generated before the internal names became standard terms.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from support.public_names import collect, literals

KNOWN: dict[str, Any] = json.loads(
    (Path(__file__).parent / "data" / "public_names.json").read_text()
)
# Before the first release: tables and columns whose name was a metaphor, or was to mean what other
# tools send.
RENAMED_TABLES = {
    "alert": "balance_notice",
    "alert_delivery": "notice_delivery",
    "hold": "circuit_breaker",
    "hot_number": "number_cooldown",
    "tick": "job_slot",
}
RENAMED_COLUMNS = {
    "attempt": {"taken_at": "accepted_at"},
    "balance_notice": {"facts": "details"},
    "notice_delivery": {
        "alert_id": "notice_id",
        "taking_until": "claimed_until",
        "told_instead": "admins_notified",
    },
    "circuit_breaker": {
        "in_vain": "failed_probes",
        "next_at": "next_probe_at",
        "shut": "open",
        "since": "opened_at",
        "unread": "failures",
    },
}
LITERALS = ("action_ids", "csv_columns", "environment", "http_paths", "job_names")


@pytest.fixture(scope="module")
def now() -> dict[str, Any]:
    """The public names of the current code."""
    return collect()


@pytest.mark.parametrize("kind", sorted(set(KNOWN) - set(LITERALS)))
def test_no_public_name_is_gone(kind: str, now: dict[str, Any]) -> None:
    """Every recorded name still exists, with the same parameters, options, labels or columns."""
    known_names = _renamed_tables(KNOWN[kind]) if kind == "tables" else _as_table(KNOWN[kind])
    missing = {
        name: known
        for name, known in known_names.items()
        if not _covers(_as_table(now[kind]).get(name, False), known)
    }

    assert missing == {}


@pytest.mark.parametrize("kind", LITERALS)
def test_no_literal_name_is_gone(kind: str) -> None:
    """Action IDs, HTTP paths, CSV columns, variables and jobs keep their spelling."""
    assert set(KNOWN[kind]) - literals() == set()


def _renamed_tables(tables: dict[str, list[str]]) -> dict[str, list[str]]:
    found = {}
    for name, columns in tables.items():
        now = RENAMED_TABLES.get(name, name)
        renamed = RENAMED_COLUMNS.get(now, {})
        found[now] = sorted(renamed.get(column, column) for column in columns)
    return found


def _as_table(names: Any) -> dict[str, Any]:
    return names if isinstance(names, dict) else dict.fromkeys(names)


def _covers(now: Any, known: Any) -> bool:
    """Whether everything of `known` is in `now`, with positional parameters in the same order."""
    if isinstance(known, dict):
        return isinstance(now, dict) and all(
            name in now and _covers(now[name], value) for name, value in known.items()
        )
    if isinstance(known, list):
        return isinstance(now, list) and [one for one in now if one in known] == known
    return bool(now == known)
