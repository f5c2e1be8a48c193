"""`kwtsms-bridge apprise url`: what it builds can be used, or it says why not."""

import pytest

from support.gateway import KUWAIT
from support.shell import run_in_process


@pytest.mark.parametrize(
    ("numbers", "targets"),
    [
        ((KUWAIT,), KUWAIT),
        (("98765432", "+965 5123 4567"), f"{KUWAIT}/96551234567"),
        (("+966 50 123 4567",), "+966501234567"),
    ],
)
def test_numbers_are_in_international_form(numbers: tuple[str, ...], targets: str) -> None:
    """A local number is completed as Kuwait's, as the plugin reads it."""
    words = ("apprise", "url", "--user", "user", "--from", "MY-APP", *numbers)
    done = run_in_process(*words, stdin=b"p;a%s\r\n")

    assert (done.code, done.out.strip()) == (0, f"kwtsms://user:p%3Ba%25s@MY-APP/{targets}")


@pytest.mark.parametrize(
    ("user", "sender", "number", "password", "said"),
    [
        ("user", "MY-APP", KUWAIT, b"\n", "password is empty"),
        ("user", "MY-APP", KUWAIT, b"", "password is empty"),
        (" ", "MY-APP", KUWAIT, b"password\n", "password is empty"),
        ("user", "MORE-THAN-ELEVEN", KUWAIT, b"password\n", "sender ID"),
        ("user", "MY-APP", "22445566", b"password\n", "22445566"),
        ("user", "MY-APP", "ops", b"password\n", "not a phone number"),
    ],
)
def test_an_unusable_url_is_not_built(
    user: str, sender: str, number: str, password: bytes, said: str
) -> None:
    """An empty password or a number that is none would fail only with the first alert."""
    words = ("apprise", "url", "--user", user, "--from", sender, number)
    done = run_in_process(*words, stdin=password)

    assert (done.code, done.out) == (2, "")
    assert said in done.err
