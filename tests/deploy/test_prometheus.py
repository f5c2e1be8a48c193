"""The alerting rules use existing metrics and label values."""

import re
from itertools import accumulate

from kwtsms_bot.bridge.bundling import DeferralReason
from kwtsms_bot.bridge.drills.drill import DrillOutcome
from kwtsms_bot.bridge.send_api.errors import ErrorCode
from kwtsms_bot.bridge.states import IncidentState
from kwtsms_bot.bridge.webhooks import REASONS
from kwtsms_bot.monitoring.api_metrics import API_COUNTERS
from kwtsms_bot.monitoring.bridge_metrics import BRIDGE_COUNTERS, BRIDGE_GAUGES, BRIDGE_HISTOGRAMS
from kwtsms_bot.monitoring.metrics import COUNTERS, GAUGES, HISTOGRAMS, PREFIX
from kwtsms_bot.outbox.dispatch.retry import NO_CONNECTION_DELAYS
from kwtsms_bot.outbox.states import State
from kwtsms_client import API_ERRORS, Outcome
from support.deployment import read_yaml

RULES = [rule for group in read_yaml("prometheus/rules.yaml")["groups"] for rule in group["rules"]]
ASKED = " ".join(rule["expr"] for rule in RULES)
PARTS = ("bucket", "count", "sum")


def labelled(name: str) -> set[str]:
    """The values that the rules name for a label."""
    return set(re.findall(rf'\b{name}=~?"([^"]+)"', ASKED))


def test_every_metric_is_one_of_ours() -> None:
    """Each metric exists, with the suffix that Prometheus adds."""
    exposed = {
        *GAUGES,
        *BRIDGE_GAUGES,
        *(f"{name}_total" for name in (*COUNTERS, *BRIDGE_COUNTERS, *API_COUNTERS)),
        *(f"{name}_{part}" for name in (*HISTOGRAMS, *BRIDGE_HISTOGRAMS) for part in PARTS),
    }

    assert {
        name.removeprefix(f"{PREFIX}_") for name in re.findall(rf"{PREFIX}_\w+", ASKED)
    } <= exposed


def test_every_label_has_a_value_that_it_can_have() -> None:
    """States and outcomes exist, and each code pattern matches at least one code."""
    codes = [
        pattern
        for pattern in labelled("code")
        if not any(map(re.compile(pattern).fullmatch, (*API_ERRORS, *ErrorCode)))
    ]

    assert labelled("state") <= {*State, *IncidentState}
    assert {one for value in labelled("reason") for one in value.split("|")} <= {
        *REASONS,
        *DeferralReason,
    }
    assert {one for value in labelled("outcome") for one in value.split("|")} <= {
        outcome.value for outcome in (*Outcome, *DrillOutcome)
    }
    assert codes == []


def test_every_alert_says_what_is_wrong() -> None:
    """Each alert has a unique name, a severity and a sentence."""
    names = [rule["alert"] for rule in RULES]

    assert len(set(names)) == len(names)
    assert {rule["labels"]["severity"] for rule in RULES} <= {"critical", "warning"}
    assert [
        rule["alert"] for rule in RULES if not rule["annotations"]["summary"].endswith(".")
    ] == []


def test_a_gateway_that_is_away_stays_away() -> None:
    """With one waiting message the alert fires within ten minutes and stays during the outage."""
    (rule,) = [rule["expr"] for rule in RULES if rule["alert"] == "KwtsmsBridgeGatewayAway"]
    within = re.findall(r"not_sent\|unknown\"}\[(\d+)m\]\)\) > (\d+)", rule)
    delays = (*NO_CONNECTION_DELAYS, *(NO_CONNECTION_DELAYS[-1] for _ in range(50)))
    tries = [0, *accumulate(delays)]
    said = [
        any(
            sum(at - 60 * int(minutes) < one <= at for one in tries) > int(more)
            for minutes, more in within
        )
        for at in range(600, 4 * 3600, 15)
    ]

    assert len(within) == 2
    assert all(said)
