"""Judges a run with alerts by what was posted, answered, texted and shown. Pure.

Each alert that was answered with 200 is counted by exactly one text for each of its people, or a
card says why not. A text names one alert and counts the others, so the numbers in the texts to a
phone are compared with the alerts that it should have got: each alert adds a lowest and a
highest number. Who else is texted later, such as the steps of an escalation, has bounds of their
own: `bounds` decides them for one person.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chaos.alerts import texts
from chaos.alerts.evidence import AlertEvidence, PostedAlert
from chaos.checker import MAX_SHOWN
from chaos.request_rate import rate_violations

ANSWER_SECONDS = 2.0  # Promised by the endpoint.
STATUSES = (200, 503)
ACK_SECONDS = 1.0  # An acknowledgement stops texts within it.
MIN_TEXTED_SHARE = 0.5  # A bot that texts nobody and has a reason for it is no use.
ONCE, MAYBE, NEVER = (1, 1), (0, 1), (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRules:
    """The limits that apply to a run."""

    interval: float  # Seconds between two requests to the gateway.
    slack_seconds: float = 1.0  # What a busy machine adds to an answer.
    min_texted_share: float = MIN_TEXTED_SHARE


@dataclass(frozen=True, slots=True)
class AlertStatistics:
    """The figures of a run."""

    alerts: int = 0
    kills: int = 0
    texts: int = 0
    lost: int = 0
    doubled: int = 0
    unknown: int = 0
    late: int = 0

    def __add__(self, other: "AlertStatistics") -> "AlertStatistics":
        return AlertStatistics(
            *(getattr(self, name) + getattr(other, name) for name in self.__slots__)
        )

    def __str__(self) -> str:
        return (
            f"{self.alerts} alerts, {self.kills} kills, {self.texts} texts, {self.lost} lost, "
            f"{self.doubled} doubled, {self.unknown} unknown, {self.late} after an acknowledgement"
        )


@dataclass(frozen=True, slots=True)
class AlertVerdict:
    """The figures of a run and its findings by kind."""

    statistics: AlertStatistics
    findings: Mapping[str, Sequence[str]]

    @property
    def report(self) -> str:
        """The figures and the first findings of each kind."""
        lines = [str(self.statistics)]
        for kind, found in self.findings.items():
            lines += [f"{kind}: {len(found)}", *(f"  {one}" for one in found[:MAX_SHOWN])]
        return "\n".join(lines)


def judge(evidence: AlertEvidence, rules: AlertRules) -> AlertVerdict:
    """Judges the evidence of a run."""
    case = _Case(evidence)
    findings = {
        "lost": [*case.not_shown(), *case.not_counted()],
        "doubled": [*case.doubled(), *case.counted_too_often()],
        "late": [*case.texted_after_acknowledgement()],
        "wrong answers": [*_wrong_answers(evidence, rules)],
        "wrong text": [*case.unknown_references()],
        "texted too few": [*case.texted_too_few(rules.min_texted_share)],
        "over the pace": [*rate_violations(evidence.requests, rules.interval)],
    }
    statistics = AlertStatistics(
        alerts=len(evidence.alerts),
        kills=evidence.kills,
        texts=sum(map(len, case.texts.values())),
        lost=len(findings["lost"]),
        doubled=len(findings["doubled"]),
        unknown=case.unknown_count(),
        late=len(findings["late"]),
    )
    return AlertVerdict(statistics, {kind: found for kind, found in findings.items() if found})


class _Case:
    """The evidence by phone, by reference and by card."""

    def __init__(self, evidence: AlertEvidence) -> None:
        self.evidence = evidence
        self.acknowledged = {one.ref for one in evidence.acknowledgements}
        self.members = Counter(one.ref for one in evidence.alerts if one.ref)
        self.texts: defaultdict[str, list[str]] = defaultdict(list)
        for entry in evidence.ledger:
            for phone in entry.numbers:
                self.texts[phone].append(entry.text)

    def card(self, alert: PostedAlert) -> str:
        """The card of an alert's incident, the newest if a kill left one behind; or nothing."""
        return next(iter(self.evidence.cards.get(alert.ref or "", ())[-1:]), "")

    def bounds(self, alert: PostedAlert, name: str) -> tuple[int, int]:
        """The least and the most often that the texts to this person may count an alert."""
        card = self.card(alert)
        if not alert.accepted or not card or texts.is_unknown(card, name):
            return MAYBE
        is_alone = self.members[alert.ref or ""] == 1  # The card is about this alert alone.
        if is_alone:
            if texts.is_texted(card, name):
                return ONCE
            if self._is_closed(alert, card) and texts.is_excused(card):
                return NEVER
        elif self._is_closed(alert, card):
            return MAYBE
        return NEVER if is_alone and texts.is_deferred(card, name) else ONCE

    def _is_closed(self, alert: PostedAlert, card: str) -> bool:
        """Whether somebody has ended or acknowledged it, so that no text may be needed."""
        return alert.ended or (alert.ref in self.acknowledged and texts.is_acknowledged(card))

    def not_shown(self) -> Iterator[str]:
        """Yields alerts that were answered and are on no card."""
        for alert in self.evidence.alerts:
            if alert.accepted and not alert.ended and not self.card(alert):
                yield f"{alert.title!r} was answered with {alert.ref}, which has no card"

    def not_counted(self) -> Iterator[str]:
        """Yields phones whose texts count fewer alerts than they must."""
        for phone, (lowest, _, counted) in self._sums().items():
            if counted < lowest:
                yield f"{phone} got texts about {counted} alerts, and {lowest} were answered"

    def counted_too_often(self) -> Iterator[str]:
        """Yields phones whose texts count more alerts than were posted for them."""
        for phone, (_, highest, counted) in self._sums().items():
            if counted > highest:
                yield f"{phone} got texts about {counted} alerts, and there were {highest}"

    def _sums(self) -> dict[str, tuple[int, int, int]]:
        """The lowest, the highest and the counted number of alerts, by phone."""
        lowest, highest = Counter[str](), Counter[str]()
        for alert in self.evidence.alerts:
            for name, phone in alert.people.items():
                low, high = self.bounds(alert, name)
                lowest[phone] += low
                highest[phone] += high
        return {
            phone: (lowest[phone], highest[phone], sum(map(texts.alert_count, self.texts[phone])))
            for phone in sorted(highest | Counter(dict.fromkeys(self.texts, 1)))
        }

    def doubled(self) -> Iterator[str]:
        """Yields texts that a phone got twice, and single alerts that it was texted about twice."""
        for phone, found in self.texts.items():
            for text, times in Counter(found).items():
                if times > 1:
                    yield f"{phone} got {text!r} {times} times"
            for ref, times in Counter(map(texts.reference, found)).items():
                if times > 1 and self.members[ref] == 1:
                    yield f"{phone} got {times} texts about {ref}, which is one alert"

    def texted_after_acknowledgement(self) -> Iterator[str]:
        """Yields texts about one alert that began after a person saw that it is acknowledged."""
        done = {one.ref: one.done_at for one in self.evidence.acknowledgements}
        for request in self.evidence.requests:
            ref = texts.reference(request.text)
            is_late = request.at > done.get(ref, float("inf")) + ACK_SECONDS
            if is_late and self.members[ref] == 1:
                yield f"{request.text!r} left after {ref} was acknowledged"

    def unknown_references(self) -> Iterator[str]:
        """Yields texts whose reference belongs to no card."""
        for entry in self.evidence.ledger:
            if texts.reference(entry.text) not in self.evidence.cards:
                yield f"{entry.text!r} names no incident that is shown"

    def texted_too_few(self, share: float) -> Iterator[str]:
        """Yields a finding if most alerts were not texted, whatever the cards say."""
        counted = sum(texts.alert_count(one) for found in self.texts.values() for one in found)
        wanted = sum(len(one.people) for one in self.evidence.alerts)
        if counted < share * wanted:
            yield f"the phones got texts about {counted} alerts of {wanted}"

    def unknown_count(self) -> int:
        """The number of incidents and people for which nobody knows whether a text has left."""
        return len(
            {
                (alert.ref, name)
                for alert in self.evidence.alerts
                for name in alert.people
                if texts.is_unknown(self.card(alert), name)
            }
        )


def _wrong_answers(evidence: AlertEvidence, rules: AlertRules) -> Iterator[str]:
    """Yields answers that a tool would take as final, or would not wait for."""
    for one in evidence.answers:
        if one.status not in STATUSES:
            yield f"an answer was {one.status}"
        if one.seconds > ANSWER_SECONDS + rules.slack_seconds:
            yield f"the answer {one.status} took {one.seconds:.1f} s"
