"""Block Kit's rules one by one; no input at all breaks the checker."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_sandbox.slack import check, check_view
from support.blockkit import actions, button, home, modal, plain_text, section, text_field

CHOICE = {"text": plain_text("a"), "value": "a"}
GROUP = {"label": plain_text("a"), "options": [CHOICE]}
ALERT = {"type": "alert", "text": plain_text("No credit"), "level": "warning"}
MARKDOWN = {"type": "markdown", "text": "x" * 6001}
CHART = {
    "type": "data_visualization",
    "title": "Credits",
    "chart": {"type": "pie", "segments": [{"label": "used", "value": 1}]},
}
ROW = [{"type": "raw_text", "text": "x"}]


def table(*rows: Any) -> dict[str, Any]:
    """Returns a table of these rows."""
    return {"type": "table", "rows": list(rows)}


@pytest.mark.parametrize(
    ("blocks", "complaint"),
    [
        ("text", "must be an array [json-pointer:/blocks]"),
        ([1], "missing required field: type [json-pointer:/blocks/0]"),
        ([{"type": "poem"}], "unsupported type: poem [json-pointer:/blocks/0/type]"),
        ([{"type": "section"}], "missing required field: text or fields [json-pointer:/blocks/0]"),
        (
            [{"type": "divider", "color": "red"}],
            "invalid additional property: color [json-pointer:/blocks/0]",
        ),
        (
            [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
            "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
        ),
        (
            [section("")],
            "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
        ),
        (
            [actions()],
            "no fewer than 1 items required [json-pointer:/blocks/0/elements]",
        ),
        (
            [actions(button("a", style="default"))],
            "must be one of primary, danger [json-pointer:/blocks/0/elements/0/style]",
        ),
        (
            [actions({"type": "multi_static_select", "options": [CHOICE]})],
            "unsupported type: multi_static_select [json-pointer:/blocks/0/elements/0/type]",
        ),
        (
            [actions({"type": "static_select", "options": [CHOICE], "option_groups": [GROUP]})],
            "cannot provide both options and option_groups [json-pointer:/blocks/0/elements/0]",
        ),
        (
            [actions(button("a", action_id="x"), button("b", action_id="x"))],
            "duplicate action_id: x [json-pointer:/blocks/0/elements/1/action_id]",
        ),
        (
            [{"type": "divider", "block_id": "x"}, {"type": "divider", "block_id": "x"}],
            "duplicate block_id: x [json-pointer:/blocks/1/block_id]",
        ),
        (
            [table(ROW, ROW * 2)],
            "all rows must have the same number of cells [json-pointer:/blocks/0/rows]",
        ),
        (
            [MARKDOWN, MARKDOWN],
            "markdown must be less than 12001 characters together [json-pointer:/blocks]",
        ),
        ([CHART] * 3, "no more than 2 charts allowed [json-pointer:/blocks]"),
        ([ALERT], "unsupported type: alert [json-pointer:/blocks/0/type]"),
        (
            [{"type": "input", "label": plain_text("a"), "element": button("a")}],
            "unsupported type: button [json-pointer:/blocks/0/element/type]",
        ),
    ],
)
def test_a_message_is_refused_with_the_place(blocks: Any, complaint: str) -> None:
    """The complaint has Slack's wording and a JSON pointer."""
    assert check(blocks) == [complaint]


@pytest.mark.parametrize(
    ("kind", "surfaces"),
    [
        ("alert", {"modal"}),
        ("markdown", {"message"}),
        ("table", {"message"}),
        ("data_visualization", {"message"}),
        ("divider", {"message", "modal", "home"}),
    ],
)
def test_a_block_has_its_surfaces(kind: str, surfaces: set[str]) -> None:
    """Each block is accepted on its surfaces only; where sources disagree, on none."""
    examples = {
        "alert": ALERT,
        "markdown": MARKDOWN,
        "table": table(ROW),
        "data_visualization": CHART,
        "divider": {"type": "divider"},
    }
    accepted = {s for s in ("message", "modal", "home") if check([examples[kind]], s) == []}

    assert accepted == surfaces


@pytest.mark.parametrize(("surface", "most"), [("message", 50), ("modal", 100), ("home", 100)])
def test_a_surface_has_room_for_so_many(surface: str, most: int) -> None:
    """A surface accepts its maximum of blocks and no more."""
    assert check([section("a")] * most, surface) == []
    assert check([section("a")] * (most + 1), surface) == [
        f"no more than {most} items allowed [json-pointer:/blocks]"
    ]


@pytest.mark.parametrize(
    ("view", "complaint"),
    [
        ([], "must be one of modal, home [json-pointer:/view/type]"),
        (modal(title=plain_text("x" * 25)), "less than 25 characters"),
        (modal(submit=plain_text("x" * 25)), "less than 25 characters"),
        (modal(private_metadata="x" * 3001), "less than 3001 characters"),
        (modal(callback_id="x" * 256), "less than 256 characters"),
        ({"type": "modal", "blocks": []}, "missing required field: title"),
        ({"type": "home"}, "missing required field: blocks"),
        (home(title=plain_text("a")), "invalid additional property: title"),
        (
            {"type": "modal", "title": plain_text("a"), "blocks": [text_field("a", "a")]},
            "submit is required",
        ),
    ],
)
def test_a_view_is_refused_with_the_place(view: Any, complaint: str) -> None:
    """The checker applies the limits of views."""
    [found] = check_view(view)

    assert complaint in found


def test_only_one_field_is_in_focus() -> None:
    """Two fields cannot both be focused when the form opens."""
    both = [text_field(name, name, focus_on_load=True) for name in "ab"]

    assert check_view(modal(both[0])) == []
    assert check_view(modal(*both)) == [
        "only one element may have focus_on_load [json-pointer:/view/blocks]"
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "elements", "rows", "element", "options", "value"]),
            inner
            | st.sampled_from(["section", "actions", "rich_text", "table", "input", "mrkdwn"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_nothing_breaks_the_checker(junk: Any) -> None:
    """Any input is checked without an exception."""
    assert all(isinstance(line, str) for line in [*check(junk), *check_view(junk)])
