"""Values in config.yaml and .env change, and every other character of the files stays."""

from io import StringIO

import pytest
import yaml
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.config import read_example
from kwtsms_bot.config.env_edits import set_variables
from kwtsms_bot.config.yaml_edits import (
    AddItems,
    Edit,
    NotEditable,
    SetValue,
    apply_edits,
    describe,
    read_value,
)

ADMIN = ("access", "admin", "users")
URL = ("slack", "api_url")
SENDER = ("kwtsms", "sender_id")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("access:\n  admin:\n    users: []\n", "access:\n  admin:\n    users: [U1]\n"),
        (
            "access:\n  admin:\n    users: [U0] # me\n",
            "access:\n  admin:\n    users: [U0, U1] # me\n",
        ),
        (
            "access:\n  admin:\n    users:\n      - U0 # me\n# end\n",
            "access:\n  admin:\n    users:\n      - U0 # me\n      - U1\n# end\n",
        ),
        (
            "access:\n  admin:\n    users:\n    - U0\n  bulk_from: 9\n",
            "access:\n  admin:\n    users:\n    - U0\n    - U1\n  bulk_from: 9\n",
        ),
        (
            "access:\n  admin:\n    users:\n  bulk_from: 9\n",
            "access:\n  admin:\n    users: [U1]\n  bulk_from: 9\n",
        ),
        ("access: # who\n  # all\n", "access: # who\n  admin:\n    users: [U1]\n  # all\n"),
        (
            "access:\n    sender: {users: [U2]}\n",
            "access:\n    sender: {users: [U2]}\n    admin:\n      users: [U1]\n",
        ),
        (
            "access:\n  admin: {groups: [S1]}\n",
            "access:\n  admin: {groups: [S1], users: [U1]}\n",
        ),
        ("access:\n  admin: {}\n", "access:\n  admin: {users: [U1]}\n"),
        ("slack: {}\n", "slack: {}\n\naccess:\n  admin:\n    users: [U1]\n"),
        ("# nothing yet", "# nothing yet\naccess:\n  admin:\n    users: [U1]\n"),
        (
            "access:\r\n  admin:\r\n    users: []\r\n",
            "access:\r\n  admin:\r\n    users: [U1]\r\n",
        ),
        ("access:\n  admin:\n    users: [U1]\n", "access:\n  admin:\n    users: [U1]\n"),
    ],
)
def test_an_item_is_added_in_the_style_of_the_file(before: str, after: str) -> None:
    """A list, a section or a key that is missing, empty or there already gets the new item."""
    assert apply_edits(before, [AddItems(ADMIN, ("U1",))]) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("kwtsms:\n  sender_id: MY-APP  # ours\n", "kwtsms:\n  sender_id: SHOP  # ours\n"),
        ('kwtsms: {sender_id: "MY-APP"}\n', "kwtsms: {sender_id: SHOP}\n"),
        ("kwtsms:\n  sender_id:\n", "kwtsms:\n  sender_id: SHOP\n"),
        (
            "kwtsms:\n  username: u\n  # sender_id: X\n  password: p\n",
            "kwtsms:\n  username: u\n  sender_id: SHOP\n  password: p\n",
        ),
        (
            "kwtsms:\n  username: u\nslack:\n  # sender_id: X\n  mode: http\n",
            "kwtsms:\n  username: u\n  sender_id: SHOP\nslack:\n  # sender_id: X\n  mode: http\n",
        ),
    ],
)
def test_a_value_is_replaced_where_it_is_written(before: str, after: str) -> None:
    """A value changes in its place; a commented default becomes the setting."""
    assert apply_edits(before, [SetValue(SENDER, "SHOP")]) == after


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("SHOP 24", '"SHOP 24"'),
        ("007", '"007"'),
        ("yes", '"yes"'),
        ("a: b", '"a: b"'),
        ("#1", '"#1"'),
        ("https://127.0.0.1:80/api/", "https://127.0.0.1:80/api/"),
        ("${KWTSMS_SENDER}", "${KWTSMS_SENDER}"),
    ],
)
def test_a_value_is_quoted_where_yaml_would_read_it_otherwise(value: str, written: str) -> None:
    """Text that YAML takes for a number, a flag or a comment is written in quotes."""
    edited = apply_edits("kwtsms:\n  sender_id: X\n", [SetValue(SENDER, value)])

    assert edited == f"kwtsms:\n  sender_id: {written}\n"
    assert read_value(edited, SENDER) == value


def test_the_example_keeps_every_other_line() -> None:
    """Edits of the example change only the lines that they name."""
    example = read_example()
    edited = apply_edits(
        example,
        [
            SetValue(SENDER, "SHOP"),
            SetValue(URL, "http://127.0.0.1:1/api/"),
            SetValue(("access", "reader", "channels"), ()),
            AddItems(ADMIN, ("U1",)),
        ],
    )
    changed = [
        (old.strip(), new.strip())
        for old, new in zip(example.splitlines(), edited.splitlines(), strict=True)
        if old != new
    ]

    assert changed == [
        ("# api_url: https://slack.com/api/", "api_url: http://127.0.0.1:1/api/"),
        ("sender_id: MY-APP", "sender_id: SHOP"),
        ("channels: [C0123ABCD]", "channels: []"),
        ("users: []", "users: [U1]"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "kwtsms: {sender_id: &name A}\nother: *name\n",  # The name is used elsewhere, too.
        "base: &base {sender_id: A}\nkwtsms: *base\n",
        "kwtsms: [1, 2]\n",
        "kwtsms: text\n",
        "kwtsms: {sender_id: A\n",
        "- a list\n",
        "kwtsms: !!python/name:os.system {}\n",
    ],
)
def test_what_cannot_be_edited_safely_is_refused(text: str) -> None:
    """A text that would change elsewhere, or is no YAML, is left alone."""
    with pytest.raises(NotEditable, match=r"Write kwtsms|Fix the file first"):
        apply_edits(text, [SetValue(SENDER, "SHOP")])


def test_a_change_is_described() -> None:
    """Each change is one line, without the rest of the file."""
    edits: list[Edit] = [SetValue(SENDER, "SHOP"), AddItems(ADMIN, ("U1", "U2"))]

    assert list(describe(edits)) == ["kwtsms.sender_id = SHOP", "access.admin.users + [U1, U2]"]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1))
def test_any_text_survives_in_yaml(value: str) -> None:
    """Whatever a value is, it is read as it was given."""
    edited = apply_edits("kwtsms:\n  sender_id: X\n  # end\n", [SetValue(SENDER, value)])

    assert yaml.safe_load(edited) == {"kwtsms": {"sender_id": value}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A=1\nTOKEN=old # mine\nB=2\n", "A=1\nTOKEN=new # mine\nB=2\n"),
        ("export TOKEN='o l\\'d'\n\n# end", "export TOKEN=new\n\n# end"),
        ('TOKEN="two\nlines"\nB=2', "TOKEN=new\nB=2"),
        ("TOKEN=1\nTOKEN=2\n", "TOKEN=1\nTOKEN=new\n"),
        ("# c\nTOKEN=\nB=2\n", "# c\nTOKEN=new\nB=2\n"),
        ("B=2", "B=2\nTOKEN=new\n"),
        ("MY_TOKEN=1\n", "MY_TOKEN=1\nTOKEN=new\n"),
    ],
)
def test_a_variable_changes_alone(before: str, after: str) -> None:
    """The line of the variable changes, its comment and all other lines stay."""
    assert set_variables(before, {"TOKEN": "new"}) == after


def test_a_new_env_file_says_that_it_is_private() -> None:
    """The first line of a new file tells how to keep it."""
    text = set_variables("", {"TOKEN": "a b"})

    assert text.startswith("# Secrets of kwtsms-bridge. Keep this file private")
    assert text.endswith("\nTOKEN='a b'\n")


def test_several_lines_are_no_value() -> None:
    """A value with a line break is refused where it would not be read back."""
    with pytest.raises(NotEditable, match="Write TOKEN into"):
        set_variables("", {"TOKEN": "a\r\nb"})


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"])))
def test_any_password_survives_in_env(value: str) -> None:
    """Whatever a password is, it is read as it was given, and its neighbours as before."""
    text = set_variables("A='x y' # c\nP=1\nB=3\n", {"P": value})

    assert dotenv_values(stream=StringIO(text), interpolate=False) == {
        "A": "x y",
        "P": value,
        "B": "3",
    }
