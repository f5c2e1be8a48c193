"""Markdown becomes text as CommonMark reads it, and bare addresses stay whole."""

import subprocess
import sys
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apprise_kwtsms.markdown import from_markdown
from kwtsms_client import inspect_message
from support.commonmark import Example, Visible, examples

# In these, the HTML itself is the example.
RAW_HTML = ("HTML blocks", "Raw HTML")


def readable(text: str) -> str:
    """The text as on a phone, with single blanks, and addresses without percent codes."""
    cleaned = inspect_message(text.replace("<", "(").replace(">", ")")).cleaned
    return " ".join(unquote(cleaned).split())


def missing_words(example: Example) -> list[str]:
    """The words of the example's HTML that the text lacks, or has in another order."""
    shown, missing = readable(from_markdown(example.markdown)), []
    for word in (word for one in Visible(example.html).found for word in readable(one).split()):
        _, found, behind = shown.partition(word)
        if found:
            shown = behind
        else:
            missing.append(word)
    return missing


def test_commonmarks_examples_keep_every_word_and_address() -> None:
    """The text nodes and link targets of each example's HTML are in the text, in their order."""
    spec = [one for one in examples() if one.section not in RAW_HTML]

    assert len(spec) > 500
    assert {one.section for one in spec} >= {
        "Emphasis and strong emphasis",
        "Code spans",
        "Fenced code blocks",
        "Links",
        "Autolinks",
        "Entity and numeric character references",
    }
    assert {one.markdown: words for one in spec if (words := missing_words(one))} == {}


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        (r"\*x\* \_y\_ 1\. a\\b", r"*x* _y_ 1. a\b"),
        ("Card ****1234", "Card ****1234"),
        ("a_b_c __init__.py 2 * 3 * 4", "a_b_c init.py 2 * 3 * 4"),
        ("5 &lt; 6 &amp; 7 &#35;", "5 < 6 & 7 #"),
        ("```\ndf -h\n  /dev/sda1  97%\n```", "df -h\n  /dev/sda1  97%"),
        ("```sh\n*not* `this`\n```\nafter", "*not* `this`\n\nafter"),
        ("`a*b*` ``c`d``", "a*b* c`d"),
        ("**Up** ~~down~~ *now*", "Up down now"),
        ("# Disk full\non db-2", "Disk full\n\non db-2"),
        ("one\ntwo  \nthree", "one\ntwo\nthree"),
        ("- a\n- b\n\n- c", "- a\n- b\n- c"),
        ("2. a\n3. b", "2. a\n3. b"),
        ("> quoted\n> lines", "quoted\nlines"),
        ("| Host | CPU |\n|---|---|\n| web1 | 97 % |", "Host CPU\nweb1 97 %"),
        ("![chart](https://e.com/c.png)", "chart (https://e.com/c.png)"),
        ("[log](file:///var/log/x_y_z)", "log (file:///var/log/x_y_z)"),
        ('[diff](https://e.com/1 "title")', "diff (https://e.com/1)"),
        ("[diff][1]\n\n[1]: https://e.com/1", "diff (https://e.com/1)"),
        ("<ops@example.com>", "ops@example.com"),
        ("x<br>y <b>z</b>", "x\ny z"),
        ("cp <source> <dest>, then press <button>", "cp (source) (dest), then press (button)"),
        ("including &lt;button&gt; and `<br>` tags", "including (button) and (br) tags"),
        ("\0", "\0"),
        ("", ""),
    ],
)
def test_markdown_becomes_text(markdown: str, text: str) -> None:
    """Marks go, and what they mark stays: code as written, lines as lines, lists as lists."""
    assert from_markdown(markdown) == text


@pytest.mark.parametrize(
    "address",
    [
        "https://e.com/wiki/Sarah__Jessica__Parker",
        "http://e.com/__init__/x",
        "https://e.com/__init__",
        "https://e.com/a_b_c?x=*1*&copy=2&y=~~3~~",
        "https://e.com/a%20b%5Fc",
        "https://e.com/wiki/Foo_(bar)",
        "http://[2001:db8::1]:8080/a_b_c",
        "HTTPS://E.COM/*a*",
        "https://e.com/#/d/a_b_c!x",
        "https://e.com/عربي_نص",
    ],
)
@pytest.mark.parametrize(
    "sentence",
    ["{}", "see {} now", "{}\n{}", "({})", "**{}**", "_see {} or_ x", "- {}", "a_b_c {}", "{}, ok"],
)
def test_a_bare_address_is_unchanged(address: str, sentence: str) -> None:
    """Underscores, stars, percent codes and brackets in it are no marks, wherever it occurs."""
    text = from_markdown(sentence.format(*[address] * 2))

    assert text.count(address) == sentence.count("{}")


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("<https://e.com/a_b_c?x=%20>", "https://e.com/a_b_c?x=%20"),
        ("[https://e.com/a_b_](https://e.com/a_b_)", "https://e.com/a_b_"),
        ("[a https://e.com/x_y_z b](https://e.com/1)", "a https://e.com/x_y_z b (https://e.com/1)"),
        ("**see https://e.com/a__.** __x__", "see https://e.com/a__. x"),
        ("**_https://e.com/a_b_**!", "https://e.com/a_b!"),
        (r"https://e.com/a\_b", "https://e.com/a_b"),
        ("https://e.com/?a=1&amp;b=2", "https://e.com/?a=1&b=2"),
        ("https:// and http:", "https:// and http:"),
        ("`https://e.com/a_b_`", "https://e.com/a_b_"),
        ("https://e.com/`x`", "https://e.com/x"),
    ],
)
def test_addresses_end_where_their_links_end(markdown: str, text: str) -> None:
    """An address in a link, in code or with escapes is read as CommonMark reads it."""
    assert from_markdown(markdown) == text


@given(st.text(st.sampled_from("*_`~[]()<>!#>-+.1 \n\\&;:/htps|ab")) | st.text())
def test_any_markdown_gives_text(markdown: str) -> None:
    """Nothing raises, and nothing is left that cleaning would take for a tag."""
    text = from_markdown(markdown)

    assert "HTML tag" not in {one.kind for one in inspect_message(text).changes} or not text.strip()


def test_deep_nesting_loses_no_message() -> None:
    """Where a text is nested deeper than the parser goes, it is sent as it is."""
    assert from_markdown(">" * 500 + "disk full").endswith("disk full")


def test_plain_text_loads_no_markdown_parser() -> None:
    """Only a notification in Markdown costs the time to load the parser."""
    script = "import sys, apprise_kwtsms.plugin; sys.exit('markdown_it' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
