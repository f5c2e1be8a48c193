"""The judge of runs with alerts finds what a faulty bot would leave behind."""

from dataclasses import replace
from typing import Any

import pytest

from chaos.alerts import texts
from chaos.alerts.evidence import Acknowledgement, AlertEvidence, PostedAlert, ToolAnswer
from chaos.alerts.judge import AlertRules, judge
from chaos.evidence import GatewayRequest, LedgerEntry

PHONE, NAME, REF = "96560000001", "team1-0", "A7F3K"
RULES = AlertRules(interval=0.1)
HEADER = f"🔴 Critical: db is down · {REF}\nsince 1 Dec, 11:00 (Kuwait) · native → team1"
TEXTED, UNKNOWN = f"Texted {NAME} 1 Dec, 11:00", f"May have been sent to {NAME} 1 Dec, 11:00"
DEFERRED = f"Held, because kwtSMS can't be reached: {NAME}"
NEEDLESS = "Nobody was texted: it was over before."
ACKNOWLEDGED = f"Acknowledged by @sara 1 Dec\nNot texted, because it was acknowledged first: {NAME}"
TEXT = f"CRIT db is down. Since 11:00. {REF}"


def posted(title: str = "db is down", **facts: Any) -> PostedAlert:
    """An alert that was answered."""
    answered: dict[str, Any] = {"accepted": True, "ref": REF}
    return PostedAlert(title, {NAME: PHONE}, **answered | facts)


def ledger(*sent: str) -> tuple[LedgerEntry, ...]:
    """The ledger with these texts to one phone."""
    return tuple(LedgerEntry(str(one), text, (PHONE,)) for one, text in enumerate(sent))


def card(*lines: str) -> dict[str, list[str]]:
    """The card of the one incident."""
    return {REF: ["\n".join((HEADER, *lines))]}


def request(at: float) -> GatewayRequest:
    """The request that sends the one text."""
    return GatewayRequest(at, "send", "OK", TEXT, (PHONE,))


HONEST = AlertEvidence(
    alerts=(posted(),),
    answers=(ToolAnswer(503, 1.9), ToolAnswer(200, 0.1)),
    acknowledgements=(),
    requests=(request(10.0),),
    ledger=ledger(TEXT),
    cards=card(TEXTED),
)


def kinds(**changes: Any) -> set[str]:
    """The kinds of findings in the honest evidence with changes."""
    return set(judge(replace(HONEST, **changes), RULES).findings)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"cards": card(UNKNOWN)},
        {"alerts": (posted(accepted=False, ref=None), posted())},
        {"alerts": (posted(), posted("web is down")), "ledger": ledger(f"CRIT db. +1 more. {REF}")},
        {"acknowledgements": (Acknowledgement(REF, 9.5),), "requests": (request(10.0),)},
    ],
    ids=["texted", "maybe texted", "no answer", "a group", "in time"],
)
def test_an_honest_run_has_no_findings(changes: dict[str, Any]) -> None:
    """An alert that is texted once, or may have been, is no finding."""
    assert kinds(**changes) == set()


@pytest.mark.parametrize(
    ("alert", "shown"),
    [
        (posted(ended=True), NEEDLESS),
        (posted(), DEFERRED),
        (posted(), UNKNOWN),
    ],
    ids=["over before", "deferred", "unknown"],
)
def test_a_card_may_say_why_nobody_was_texted(alert: PostedAlert, shown: str) -> None:
    """Only a bot that texts nobody at all is found."""
    assert kinds(alerts=(alert,), cards=card(shown), ledger=(), requests=()) == {"texted too few"}


def test_an_acknowledged_alert_needs_no_text() -> None:
    """An acknowledgement is a reason not to text."""
    acknowledged = (Acknowledgement(REF, 1.0),)
    found = kinds(cards=card(ACKNOWLEDGED), acknowledgements=acknowledged, ledger=(), requests=())

    assert found == {"texted too few"}


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"cards": {}}, "lost"),
        ({"ledger": ()}, "lost"),
        ({"ledger": (), "cards": card(NEEDLESS)}, "lost"),
        ({"ledger": (), "cards": card(ACKNOWLEDGED)}, "lost"),
        ({"alerts": (posted(), posted("web is down"))}, "lost"),
        ({"ledger": ledger(TEXT, TEXT)}, "doubled"),
        ({"ledger": ledger(TEXT, f"CRIT db is down. Since 11:01. {REF}")}, "doubled"),
        ({"ledger": ledger(f"CRIT db is down. +1 more. {REF}")}, "doubled"),
        (
            {"ledger": ledger(TEXT), "cards": card(NEEDLESS), "alerts": (posted(ended=True),)},
            "doubled",
        ),
        ({"acknowledgements": (Acknowledgement(REF, 8.5),)}, "late"),
        ({"answers": (ToolAnswer(500, 0.1),)}, "wrong answers"),
        ({"answers": (ToolAnswer(503, 3.5),)}, "wrong answers"),
        ({"ledger": ledger("CRIT db is down. Z9Z9Z")}, "wrong text"),
        ({"requests": tuple(request(10 + one / 100) for one in range(6))}, "over the pace"),
    ],
)
def test_a_fault_is_found(changes: dict[str, Any], finding: str) -> None:
    """Each fault has a finding of its kind."""
    assert finding in kinds(**changes)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (TEXT, 1),
        (f"CRIT db is down. Since 11:00. +2 more: Down x2. {REF}", 3),
        (f"CRIT 12 alerts since 11:00: Down x12. First: db is down. {REF}", 12),
        (f"2ND CRIT 12 alerts since 11:00. {REF}", 12),
        (f"CRIT 5 disks are full. A x2 +6 kinds. {REF}", 1),
    ],
)
def test_the_alerts_of_a_text_are_counted(text: str, count: int) -> None:
    """A text names one alert and counts the others, or counts all."""
    assert (texts.alert_count(text), texts.reference(text)) == (count, REF)
