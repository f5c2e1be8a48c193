"""docs/client.md agrees with the library."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import kwtsms_client
from kwtsms_client import API_ERRORS, AsyncClient, Client, Credentials, Outcome, errors
from kwtsms_client.client.base import ClientOptions

PAGE = (Path(__file__).parents[2] / "docs" / "client.md").read_text()


def column(first: str, number: int) -> list[str]:
    """The names in backticks in one column of the table that begins with `first`."""
    table = PAGE[PAGE.index(f"| {first} |") :].split("\n\n")[0].splitlines()[2:]
    cells = [line.strip("|").split("|")[number] for line in table]
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def test_every_name_of_the_rust_client_has_ours() -> None:
    """The table maps to names that exist in both clients."""
    for name in column("Rust", 1):
        owner, _, member = name.partition(".")
        assert hasattr(kwtsms_client, owner), name
        owners = (Client, AsyncClient) if owner == "Client" else (getattr(kwtsms_client, owner),)
        if member and member != "cached_balance":  # An attribute of the instance.
            assert all(hasattr(one, member) for one in owners), name


def test_every_public_name_is_there() -> None:
    """Every name in `__all__` can be imported."""
    assert [name for name in kwtsms_client.__all__ if not hasattr(kwtsms_client, name)] == []


def test_every_public_name_is_offered() -> None:
    """`dir()` lists every public name, even before any of them is loaded."""
    script = "import kwtsms_client as k; raise SystemExit(', '.join({*k.__all__} - {*dir(k)}))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)

    assert run.stderr.decode().strip() == ""


def test_a_misspelt_name_is_an_error() -> None:
    """The error is raised at run time and by type checkers: mypy refuses an unneeded `ignore`."""
    with pytest.raises(AttributeError, match="Cleint"):
        kwtsms_client.Cleint  # type: ignore[attr-defined]  # noqa: B018


def test_a_misspelt_option_is_an_error() -> None:
    """The constructor and `from_env` both refuse unknown options."""
    account = {"KWTSMS_USERNAME": "user", "KWTSMS_PASSWORD": "password"}

    with pytest.raises(TypeError, match="sendr"):
        Client(Credentials("user", "password"), sendr="MY-APP")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="tst_mode"):
        AsyncClient.from_env(None, account, tst_mode=True)  # type: ignore[call-arg]


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_the_options_can_be_read_from_the_signature(client: type) -> None:
    """`help` shows each option by name, and type checkers know the options of `from_env` too."""
    names = set(inspect.signature(client).parameters) - {"credentials"}

    assert names == set(ClientOptions.__annotations__)
    assert "sender_id" in names


def test_every_outcome_is_explained() -> None:
    """The four outcomes of the page are those of the code."""
    table = PAGE[PAGE.index("| outcome |") :].split("\n\n")[0]
    rows = re.findall(r"^\| (\w+) \|", table, re.MULTILINE)

    assert set(rows) - {"outcome"} == {outcome.value for outcome in Outcome}


def test_every_error_a_caller_meets_is_explained() -> None:
    """Each leaf class of the error tree has a row with advice."""
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type)}
    leaves = {
        kind.__name__
        for kind in kinds
        if issubclass(kind, errors.KwtSMSError) and not kinds.intersection(kind.__subclasses__())
    }

    assert set(column("error", 0)) == leaves


def test_all_28_codes_have_meaning_and_remedy() -> None:
    """Every code has a meaning, a remedy and a message for end users."""
    assert len(API_ERRORS) == 28
    assert all(info.meaning and info.remedy and info.user_message for info in API_ERRORS.values())
