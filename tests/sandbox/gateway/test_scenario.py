"""Scenario files: valid ones, and the problems reported for invalid ones."""

import contextlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_sandbox.gateway import DEMO_ACCOUNT, Behaviour, Fault, NumberStyle
from kwtsms_sandbox.gateway.json_reader import ScenarioError
from kwtsms_sandbox.gateway.models import as_json
from kwtsms_sandbox.gateway.scenario import Scenario, parse


def test_an_empty_scenario() -> None:
    """An empty scenario has the demo account and the default knobs."""
    assert parse("{}") == Scenario(accounts=(DEMO_ACCOUNT,), behaviour=Behaviour(), faults=())


def test_a_full_scenario() -> None:
    """A scenario can set accounts, knobs, faults, the seed and the clock."""
    account = {
        "username": "shop",
        "password": "s3cret",
        "credits": "12.5",
        "sender_ids": ["SHOP"],
        "rates": {"966": 2.5},
    }
    scenario = parse(
        json.dumps(
            {
                "seed": 7,
                "clock": "2026-01-01T09:00:00+03:00",
                "accounts": [account],
                "knobs": {"number_style": "string", "requests_per_second": None},
                "faults": [{"fault": "hang", "times": 2}, {"fault": "ERR013"}],
            }
        )
    )

    [shop] = scenario.accounts
    assert (shop.credits, shop.sender_ids) == (Decimal("12.5"), ("SHOP",))
    assert shop.rates == {"966": Decimal("2.5")}
    assert scenario.behaviour == Behaviour(
        number_style=NumberStyle.STRING, requests_per_second=None
    )
    assert [(one.fault, one.times, one.code) for one in scenario.faults] == [
        (Fault.HANG, 2, None),
        (Fault.CODE, 1, "ERR013"),
    ]
    assert (scenario.seed, scenario.clock) == (7, datetime(2026, 1, 1, 6, tzinfo=UTC))


def test_a_scenario_makes_a_gateway() -> None:
    """The gateway of a scenario has its faults planned."""
    gateway = parse('{"faults": [{"fault": "hang"}]}').gateway(seed=1)

    assert [planned.fault for planned in gateway.faults] == [Fault.HANG]


SEND = {
    "username": "demo",
    "password": "demo-password",
    "sender": "MY-APP",
    "mobile": "96598765432",
    "message": "hello",
}


def ledger(scenario: str, *, seed: int | None = None) -> list[dict[str, Any]]:
    """Returns a scenario's ledger after two sends."""
    gateway = parse(scenario).gateway(seed=seed)
    gateway.handle("send", SEND, "127.0.0.1")
    gateway.advance(15)
    gateway.handle("send", SEND, "127.0.0.1")
    return [as_json(entry) for entry in gateway.ledger]


def test_with_a_frozen_clock_everything_is_the_same() -> None:
    """With a fixed seed and a frozen clock, two runs have the same ids and times."""
    scenario = '{"seed": 7, "clock": "2026-01-01T00:00:00Z"}'

    assert ledger(scenario) == ledger(scenario)
    assert ledger(scenario)[1]["at"] == "2026-01-01T00:00:15+00:00"


def test_a_seed_of_the_command_line_wins() -> None:
    """A seed from the command line overrides the file's; without any, each gateway has its own."""
    ids = [
        ledger(scenario, seed=seed)[0]["message_id"]
        for scenario, seed in [
            ('{"seed": 1}', 5),
            ('{"seed": 5}', None),
            ("{}", None),
            ("{}", None),
        ]
    ]

    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("scenario", "problem"),
    [
        ([], "expected an object with any of: accounts, clock, faults, knobs, seed"),
        ({"knob": {}}, "expected an object with any of"),
        ({"knobs": []}, "knobs: expected an object, got []"),
        ({"knobs": {"gzip": 1}}, "knobs.gzip: expected true or false, got 1"),
        ({"knobs": {"page_limit": True}}, "knobs.page_limit: expected a whole number, got 'true'"),
        ({"knobs": {"page_limit": 6.5}}, "knobs.page_limit: expected a whole number, got 6.5"),
        ({"knobs": {"html": "all"}}, "knobs.html: expected one of tags, angles; got 'all'"),
        ({"knobs": {"spam": "x"}}, "knobs.spam: expected a list, got 'x'"),
        ({"knobs": {"spam": [1]}}, "knobs.spam: expected text, got 1"),
        ({"knobs": {"error_statuses": {"ERR003": "x"}}}, "knobs.error_statuses: expected a whole"),
        ({"knobs": {"error_statuses": 3}}, "knobs.error_statuses: expected an object, got 3"),
        ({"knobs": {"sends_per_second": 0}}, "knobs.sends_per_second: expected 0.001 to 1000"),
        ({"knobs": {"error_status": 7}}, "knobs.error_status: expected 200 to 599 or null, got 7"),
        ({"knobs": {"error_status": 99999}}, "knobs.error_status: expected 200 to 599 or null"),
        (
            {"knobs": {"error_statuses": {"ERR003": 0}}},
            "knobs.error_statuses.ERR003: expected 200 to 599, got 0",
        ),
        (
            {"knobs": {"error_statuses": {"403": 200}}},
            "knobs.error_statuses: expected codes such as ERR003, got '403'",
        ),
        (
            {"knobs": {"invalid_number": "ERR007"}},
            "knobs.invalid_number: expected one of ERR006, ERR025; got 'ERR007'",
        ),
        ({"knobs": {"empty_message": "x"}}, "knobs.empty_message: expected one of ERR002, ERR009"),
        ({"clock": "2026-01-01T09:00:00"}, "clock: expected a time with its offset"),
        ({"clock": "9999-12-31T23:59:59-14:00"}, "clock: expected a time with its offset"),
        ({"clock": 7}, "clock: expected a time with its offset"),
        ({"knobs": {"precedence": ["ERR099"]}}, "knobs.precedence: no rule is called ERR099"),
        ({"accounts": []}, "accounts: expected at least one"),
        ({"accounts": {}}, "accounts: expected a list, got {}"),
        ({"accounts": [{"username": "x"}]}, r"accounts[0].password: missing"),
        ({"faults": [{"fault": "boom"}]}, "faults[0].fault: expected a code such as ERR013 or one"),
        ({"knobs": {"latency": float("nan")}}, "knobs.latency: expected a number, got nan"),
        ({"knobs": {"latency": 10**400}}, "knobs.latency: expected a number, got 1000"),
        ({"seed": "7"}, "seed: expected a whole number, got '7'"),
    ],
)
def test_what_does_not_fit(scenario: Any, problem: str) -> None:
    """A problem names the path, what was expected and what was there."""
    with pytest.raises(ScenarioError) as caught:
        parse(json.dumps(scenario))

    assert problem in str(caught.value)


@pytest.mark.parametrize("points", ["-1", "NaN", "Infinity", "many", True])
def test_amounts_that_cannot_be_counted(points: object) -> None:
    """Credits must be a finite number, 0 or more."""
    account = {"username": "x", "password": "y", "credits": points}

    with pytest.raises(ScenarioError, match=r"accounts\[0\]\.credits: expected"):
        parse(json.dumps({"accounts": [account]}))


def test_all_problems_at_once() -> None:
    """All problems are reported at once, not one at a time."""
    account = {"username": "x", "password": "y"}
    scenario = {
        "knobs": {"gzip": 1, "latency": -1, "error_status": 7, "wrong": 0},
        "accounts": [account | {"credits": -1}, {"username": "x"}],
        "faults": [{"fault": "boom", "times": 0}],
        "seed": "x",
        "clock": "x",
    }

    with pytest.raises(ScenarioError) as caught:
        parse(json.dumps(scenario))

    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "knobs.error_status",
        "knobs.gzip",
        "knobs.latency",
        "knobs.wrong",
        "accounts[0].credits",
        "accounts[1].password",
        "accounts",
        "faults[0].fault",
        "faults[0].times",
        "seed",
        "clock",
    ]


def test_two_accounts_of_one_name() -> None:
    """Two accounts may not have the same username."""
    account = {"username": "shop", "password": "s3cret"}

    with pytest.raises(ScenarioError, match="accounts: several have the username 'shop'"):
        parse(json.dumps({"accounts": [account, account]}))


def test_not_json() -> None:
    """Invalid JSON is reported with its line."""
    with pytest.raises(ScenarioError, match=r"not JSON: .*line 2"):
        parse("{\n")


def test_nested_without_end() -> None:
    """JSON that is nested too deeply is a ScenarioError."""
    with pytest.raises(ScenarioError, match="too deep"):
        parse("[" * 50_000)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
BEHAVIOURS = st.dictionaries(
    st.sampled_from(sorted(Behaviour.__dataclass_fields__)), JSON, max_size=4
)


@given(st.one_of(BEHAVIOURS.map(lambda behaviour: {"knobs": behaviour}), JSON))
def test_nothing_else_is_raised(scenario: Any) -> None:
    """Any JSON in a file gives a scenario or a ScenarioError."""
    with contextlib.suppress(ScenarioError):
        parse(json.dumps(scenario))
