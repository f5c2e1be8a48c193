"""HTML becomes text for phones: blocks are lines, cells are apart, words stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apprise_kwtsms.plain_text import from_html
from kwtsms_client import inspect_message

BLOCKS = [
    *("address", "article", "aside", "caption", "dd", "details", "dialog", "div", "dl", "dt"),
    *("fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "legend", "main"),
    *("menu", "nav", "search", "section", "summary", "table", "tbody", "tfoot", "thead", "tr"),
]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<table><tr><td>Host</td><td>web1</td></tr></table>", "Host web1"),
        ("<tr><th>Host</th><th>CPU</th></tr><tr><td>a</td><td>1</td></tr>", "Host CPU\na 1"),
        ("<table>\n<tr>\n<td>a</td>\n<td></td>\n<td>b</td>\n</tr>\n</table>", "a b"),
        ("<td>97 %<br>full</td><td>b</td>", "97 %\nfull b"),
    ],
)
def test_cells_are_apart(source: str, text: str) -> None:
    """A blank is between cells, and a line end between rows."""
    assert from_html(source) == text


@pytest.mark.parametrize("tag", BLOCKS)
def test_a_block_is_a_line(tag: str) -> None:
    """HTML's blocks do not fuse with the text around them, and cost no empty line."""
    assert from_html(f"a<{tag}>b</{tag}>c") == "a\nb\nc"


@pytest.mark.parametrize("tag", ["p", "h1", "h6", "blockquote", "pre"])
def test_a_paragraph_has_an_empty_line_around_it(tag: str) -> None:
    """Paragraphs, headings and quotes are apart."""
    assert from_html(f"a<{tag}>b</{tag}>\n<{tag}>c</{tag}>d") == "a\n\nb\n\nc\n\nd"


@pytest.mark.parametrize("tag", ["b", "span", "font", "label", "time", "mark", "button"])
def test_what_is_no_block_stays_in_the_line(tag: str) -> None:
    """Formatting and buttons break no line and separate no letters."""
    assert from_html(f"a<{tag}>b</{tag}> c") == "ab c"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<ul>\n<li>\n<p>a</p>\n</li>\n<li><div>b</div></li></ul>", "- a\n- b"),
        ("<p>Hosts:</p><ul><li>a<li>b</ul><p>End</p>", "Hosts:\n- a\n- b\n\nEnd"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
        ('<ol start="3"><li>a<li value="7">b<li>c</ol>', "3. a\n7. b\n8. c"),
        ("<ol><li>a<ul><li>x</ul><li>b</ol>", "1. a\n- x\n2. b"),
        ("<ul><li></li><li>b</li></ul>", "- b"),
        ("<dl><dt>Host<dd>web1</dl>", "Host\nweb1"),
    ],
)
def test_lists_keep_their_marks_and_cost_no_empty_lines(source: str, text: str) -> None:
    """An item is a line with its number or a dash, whatever blocks are in it."""
    assert from_html(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<pre>a\n  b\n\nc</pre>", "a\n  b\n\nc"),
        ("<pre>\na\r\nb\n</pre>tail", "a\nb\n\ntail"),
        ("<pre><code>x  <b>y</b>\nz</code></pre>", "x  y\nz"),
        ("x <pre>a\tb</pre>", "x\n\na b"),
        ("a \n b", "a b"),
    ],
)
def test_preformatted_text_keeps_its_lines(source: str, text: str) -> None:
    """Lines and blanks stay in `pre`, and only there."""
    assert from_html(source.replace("\r\n", "\n")) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('<a href="https://e.com/1">diff</a>', "diff (https://e.com/1)"),
        ('<a href="https://e.com/1">https://e.com/1</a>', "https://e.com/1"),
        ("<a href='/?a=1&copy=2&amp;b=3'>x</a>", "x (/?a=1&copy=2&b=3)"),
        ("see <a href=u>this </a>now", "see this (u) now"),
        ('<a href="u"><img src="i.png" alt="logo"></a>', "u"),
        ("<a href=u>x", "x (u)"),
        ("<a name=top>x</a>", "x"),
        ("<a href=mailto:ops@e.com>ops@e.com</a>", "ops@e.com"),
        ("<a href=1>x <a href=2>y</a>", "x (1) y (2)"),
    ],
)
def test_links_keep_their_address(source: str, text: str) -> None:
    """The address follows the link's text, once, and with the parameters that it has."""
    assert from_html(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("including &lt;button&gt; tags", "including (button) tags"),
        ("?q=<id>&x=1", "?q=(id)&x=1"),
        ("Dear <your-name>, <b>hi</b>", "Dear (your-name), hi"),
        ("&lt;b&gt;bold&lt;/b&gt; is &amp;lt;b&amp;gt;", "(b)bold(/b) is &lt;b&gt;"),
        ("&lt;!-- note --&gt; x", "(!-- note --) x"),
        ("<custom>kept</custom> <x-y a='1'>kept</x-y>", "kept kept"),
        ("5 < 6 &lt; 7", "5 < 6 < 7"),
        ("<html><head><title>t</title><style>s</style><body>Hello", "Hello"),
        ("a<script>x()</script>b<template>c</template>", "ab"),
        ("a<!-- b -->c&nbsp;&nbsp;d", "ac d"),
    ],
)
def test_words_stay_and_markup_goes(source: str, text: str) -> None:
    """Readable text is kept, in round brackets where it would be taken for a tag."""
    assert from_html(source) == text


@given(st.text(st.sampled_from("<>/ab!-=\"' &;lt\n")) | st.text())
def test_any_html_gives_text_without_tags(source: str) -> None:
    """Nothing raises, and cleaning finds no tag in the result."""
    assert "HTML tag" not in {one.kind for one in inspect_message(from_html(source)).changes}
