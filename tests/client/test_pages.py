"""Pages are counted as phones join them: a character of two units is on one page."""

import random
from decimal import Decimal

import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_client import (
    AsyncClient,
    Client,
    Credentials,
    InvalidInput,
    inspect_message,
    pages,
)
from kwtsms_client.encoding import Encoding, page_units, units_within
from kwtsms_client.preview import preview
from kwtsms_sandbox.gateway import Gateway, RunningGateway
from kwtsms_sandbox.gateway.content import pages as gateway_pages
from support.gateway import KUWAIT

EXTENSION = "^{}\\[~]|€"
ALPHABETS = (
    *("ab", "ab€", EXTENSION, "ab[]\n", "aé€~", "aم", "م𝐀", "ab𠀀’", "𝐀𝐁𠀀", "aم€𝐀"),
    "abcdefghijklmnopqrstuvwxyz€",
)
# A text whose last page is full, and which has a seam: one unit more than seven pages hold.
SEVEN_PAGES = "a" * 152 + "€" + "b" * 917
SEVEN_UNICODE_PAGES = "م" * 66 + "𝐀" + "م" * 401


def random_texts(count: int) -> list[str]:
    """Texts of all lengths, most of them near the end of a page."""
    dice = random.Random(23_038)
    lengths = [size * part for size in (67, 70, 153, 160) for part in range(1, 8)]
    return [
        "".join(
            dice.choices(
                dice.choice(ALPHABETS),
                k=max(1, dice.choice(lengths) + dice.randint(-4, 4) - dice.randrange(8)),
            )
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 152 + "€" + "b" * 152, 3),
        ("a" * 152 + "[" + "b" * 151, 2),
        ("a" * 151 + "€" + "b" * 153, 2),
        ("a" * 158 + "€", 1),
        ("a" * 159 + "€", 2),
        ("€" * 80, 1),
        ("€" * 153, 3),
        ("م" * 66 + "𝐀" + "م" * 66, 3),
        ("م" * 66 + "𝐀" + "م" * 65, 2),
        ("𝐀" * 35, 1),
        ("𝐀" * 66, 2),
        ("𝐀" * 67, 3),
        ("", 1),
    ],
)
def test_a_character_of_two_units_is_on_one_page(text: str, count: int) -> None:
    """An extension character or a surrogate pair at the end of a page moves to the next one."""
    assert pages(text) == count
    assert inspect_message(text).pages == count
    assert gateway_pages(text) == count


def test_pages_are_those_of_another_counter_and_of_the_gateway() -> None:
    """5,000 random texts have the pages that smsutil, from PyPI, and the sandbox count."""
    texts = random_texts(5_000)
    others = {text: len(smsutil.split(text).parts) for text in texts}

    assert {text for text in texts if pages(text) != others[text]} == set()
    assert {text for text in texts if gateway_pages(text) != others[text]} == set()
    units = {text: inspect_message(text).units for text in texts}
    assert any(others[text] * 153 - 153 >= units[text] > 1_000 for text in texts)  # Some seams.


@given(st.text(st.sampled_from(f"a{EXTENSION}é")) | st.text(st.sampled_from("aم𝐀€")))
def test_no_unit_is_lost_and_no_page_is_too_full(text: str) -> None:
    """The pages together have all units, and all but the last miss one unit at most."""
    encoding = inspect_message(text).encoding
    single, part = (70, 67) if encoding is Encoding.UCS2 else (160, 153)
    found = page_units(text, encoding)

    assert sum(found) == inspect_message(text).units
    assert max(found) <= (single if len(found) == 1 else part)
    assert min((*found[:-1], part)) >= part - 1


@pytest.mark.parametrize(
    "text", ["a" * 152 + "€" + "b" * 152, "€" * 81, "a" * 161, "م" * 66 + "𝐀" + "م" * 66, "€" * 154]
)
def test_the_surplus_saves_a_page(text: str) -> None:
    """Without so many units at its end the text takes a page less; with one of them it does not."""
    report = inspect_message(text)
    kept = report.units - report.surplus

    assert units_within(text, report.encoding, report.pages - 1) == kept
    shorter = next(
        text[:end] for end in range(len(text)) if inspect_message(text[:end]).units >= kept
    )
    assert pages(shorter) == report.pages - 1
    assert pages(text[: len(shorter) + 1]) == report.pages


@pytest.mark.parametrize("text", [SEVEN_PAGES, SEVEN_UNICODE_PAGES])
def test_an_eighth_page_by_a_seam_alone_is_a_warning(text: str) -> None:
    """The charge at a seam is not known, so the text is not refused but pointed out."""
    found = preview(KUWAIT, text, default_country=None, balance=None)

    assert found.report.units in (1_071, 469)
    assert (found.report.pages, found.report.borderline, found.refusal) == (8, True, None)
    assert found.warning is not None
    assert "ERR012" in found.warning
    assert found.warning in found.report.summary()


@pytest.mark.parametrize("text", ["a" * 1_072, f"{SEVEN_PAGES}a", "م" * 470, "€" * 536])
def test_a_unit_more_is_too_long(text: str) -> None:
    """Eight pages of units are refused, seam or not."""
    found = preview(KUWAIT, text, default_country=None, balance=None)

    assert "at most 7" in (found.refusal or "")
    assert (found.report.borderline, found.warning) == (False, None)


@pytest.mark.parametrize("text", ["a" * 1_071, "م" * 469, "a" * 152 + "€" + "b" * 152])
def test_other_texts_have_no_warning(text: str) -> None:
    """Seven pages without a seam, and three with one, are nothing to warn of."""
    found = preview(KUWAIT, text, default_country=None, balance=None)

    assert (found.refusal, found.warning, found.report.summary()) == (None, None, "")


async def test_the_gateway_charges_the_pages_of_the_preview() -> None:
    """The seam costs a page at the sandbox, too, and at the limit it is ERR012."""
    texts = ("a" * 152 + "€" + "b" * 152, "a" * 152 + "€" + "b" * 151, SEVEN_PAGES)
    async with RunningGateway(Gateway()) as running:
        account = running.gateway.account
        credentials = Credentials(account.username, account.password)
        async with AsyncClient(credentials, sender_id="MY-APP", base_url=running.base_url) as sms:
            charged, exact, refused = [
                await sms.send(f"9659876543{number}", text) for number, text in enumerate(texts)
            ]

    assert [charged.points_charged, exact.points_charged] == [Decimal(3), Decimal(2)]
    assert [one.code for one in refused.recipients] == ["ERR012"]


def test_the_client_refuses_what_the_preview_refuses() -> None:
    """`send` raises before anything leaves."""
    with (
        Client(Credentials("user", "password"), base_url="http://127.0.0.1:9/API/") as sms,
        pytest.raises(InvalidInput, match="8 pages"),
    ):
        sms.send(KUWAIT, "a" * 1_072)
