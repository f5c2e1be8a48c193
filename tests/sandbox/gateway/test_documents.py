"""docs/sandbox.md lists all knobs, faults, routes and account fields, and no others."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from kwtsms_sandbox.gateway import Behaviour, Fault, Gateway, GatewayAccount
from kwtsms_sandbox.gateway.admin_api import AdminApi
from kwtsms_sandbox.gateway.scenario import parse

PAGE = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text("utf-8")


def section(title: str) -> str:
    """Returns the text under a heading of the page's gateway section."""
    return PAGE.partition(f"### {title}\n")[2].partition("\n### ")[0].partition("\n## ")[0]


def first_cells(title: str) -> list[str]:
    """Returns the names between back quotes in the first column of that section's table."""
    return re.findall(r"^\| `([^`]+)` \|", section(title), re.MULTILINE)


def test_every_behaviour_setting() -> None:
    """The page lists every knob, in the order of the code."""
    assert first_cells("Knobs") == list(Behaviour.__dataclass_fields__)


def written(default: Any) -> str:
    """Returns a default as the page writes it."""
    if isinstance(default, tuple):
        return ", ".join(default)
    if isinstance(default, str):
        return default
    return json.dumps(default).removesuffix(".0")


@pytest.mark.parametrize("name", sorted(Behaviour.__dataclass_fields__.keys() - {"precedence"}))
def test_defaults(name: str) -> None:
    """The page gives the right default for each knob."""
    cells = re.search(rf"^\| `{name}` \| ([^|]*) \|", section("Knobs"), re.MULTILINE)

    assert cells is not None
    assert cells[1].strip("` ") == written(getattr(Behaviour(), name))


def test_every_fault() -> None:
    """The page lists every fault but CODE, which has its own sentence."""
    assert first_cells("Faults") == [fault for fault in Fault if fault is not Fault.CODE]


def test_every_admin_route() -> None:
    """The page lists every route, of GET and of POST."""
    admin = AdminApi(Gateway())
    routes = {f"GET /admin/{name}" for name in admin._readers}
    routes |= {f"POST /admin/{name}" for name in admin._writers}

    assert set(first_cells("The admin API")) == routes


def test_the_scenario_loads() -> None:
    """The page's scenario is valid."""
    text = section("A scenario").partition("```json\n")[2].partition("```")[0]

    scenario = parse(text)

    assert json.loads(text)["seed"] == scenario.seed
    assert len(scenario.faults) == 2


@pytest.mark.parametrize("name", GatewayAccount.__dataclass_fields__)
def test_every_account_field(name: str) -> None:
    """Each field of an account is in the scenario or in the text below it."""
    assert name in section("A scenario")
