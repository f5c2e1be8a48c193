"""Markup is removed; a word in angle brackets is kept, in round ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_client import clean_message, inspect_message
from kwtsms_client.text_rules.html_tags import find_tags, in_round_brackets
from kwtsms_sandbox.gateway import Html
from kwtsms_sandbox.gateway.content import has_html

NAMES = ["b", "i", "p", "br", "id", "button", "a", "div", "x-y", "İ", "I\u0307", "K", "ſ"]
TAGS = st.sampled_from(NAMES).flatmap(
    lambda name: st.sampled_from(
        [f"<{name}>", f"</{name}>", f"<{name} a='1'>", f"<{name}/>", f"<{name}", f"<{name}\u200b>"]
    )
)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("including <button> tags", "including (button) tags"),
        ("?q=<id>&x=1", "?q=(id)&x=1"),
        ("cp <source> <dest>", "cp (source) (dest)"),
        ("Dear <first name>, your code is <code>", "Dear (first name), your code is (code)"),
        ("List<String> and Map<K, V>", "List(String) and Map<K, V>"),
        ("the </div> is missing", "the (/div) is missing"),
        ("<your-name> <T> <input> <img>", "(your-name) (T) (input) (img)"),
        ("run <cmd/> now", "run (cmd/) now"),
        ("<id title='x'>", "(id title='x')"),
        ("مرحبا <الاسم> <name>", "مرحبا <الاسم> (name)"),
        ("<🔥id>", "(id)"),
        ("<a<id>>", "<a(id)>"),
    ],
)
def test_a_word_in_angle_brackets_stays(text: str, cleaned: str) -> None:
    """A tag that nothing closes, and that HTML wants closed, is what the author wrote about."""
    assert clean_message(text) == cleaned
    assert clean_message([text, "é🔥"])[0] == cleaned
    assert inspect_message(text).cleaned == cleaned


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("<b>Hello</b>", "Hello"),
        ("<div><span>Text</span></div>", "Text"),
        ("<status>OK</status>", "OK"),
        ("<button class='x'>Press</button>", "Press"),
        ("<a href='https://e.com'>x", "x"),
        ("<img src=x alt='y'>", ""),
        ("a<br>b<br/>c<hr>d", "abcd"),
        ("<p>one<p>two", "onetwo"),
        ("<li>one<li>two", "onetwo"),
        ("<tr><td>a<td>b", "ab"),
        ("<b>not closed", "not closed"),
        ("<!-- <id> -->x<!DOCTYPE html>", "x"),
        ("<B>x</b> <DIV>y</div>", "x y"),
    ],
)
def test_markup_goes(text: str, cleaned: str) -> None:
    """A tag that is closed, or need not be, or has attributes, is HTML: its content stays."""
    assert clean_message(text) == inspect_message(text).cleaned == cleaned


def test_the_report_says_which_words_were_kept() -> None:
    """The summary counts them, and their kind lists them as they were typed."""
    report = inspect_message("<b>cp</b> <source> <dest>")

    assert report.summary() == "Removed 2 HTML tags. Kept 2 tag names in round brackets."
    assert [(one.kind, one.what) for one in report.changes] == [
        ("tag name", ("<source>", "<dest>")),
        ("HTML tag", ("<b>", "</b>")),
    ]
    assert [(one.text, one.removed) for one in report.segments] == [
        ("<b>", True),
        ("cp", False),
        ("</b>", True),
        (" (source) (dest)", False),
    ]


@given(st.lists(TAGS | st.sampled_from(["x", " ", "<", ">", "🔥", "\0"]), max_size=10).map("".join))
def test_no_tag_is_left(text: str) -> None:
    """The gateway finds no HTML, whatever forms a tag; all ways of cleaning agree."""
    cleaned = clean_message(text)

    assert not has_html(cleaned, Html.TAGS)
    assert inspect_message(text).cleaned == clean_message([text, "é"])[0] == cleaned
    assert clean_message(cleaned) == cleaned


@given(st.lists(TAGS | st.sampled_from(["<", ">", "<!--", "-->", "x"])).map("".join))
def test_text_in_round_brackets_has_no_tags(text: str) -> None:
    """Converted HTML and Markdown keep all their letters."""
    bracketed = in_round_brackets(text)

    assert bracketed.translate({40: 60, 41: 62}) == text.translate({40: 60, 41: 62})
    assert list(find_tags(bracketed)) == []
