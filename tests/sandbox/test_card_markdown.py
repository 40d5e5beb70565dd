"""Markdown of cards as safe HTML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from ehr_sandbox.markdown import render

ROWS = [
    ("plain", "<p>plain</p>"),
    ("**bold** and *soft* and _soft_", "<p><strong>bold</strong> and <em>soft</em> and <em>soft</em></p>"),
    ("**a *b* c**", "<p>**a <em>b</em> c**</p>"),
    ("5 * 4 * 3 and snake_case_name", "<p>5 * 4 * 3 and snake_case_name</p>"),
    ("`x < 3`", "<p><code>x &lt; 3</code></p>"),
    ("one\n\ntwo", "<p>one</p>\n<p>two</p>"),
    ("one\r\ntwo", "<p>one\ntwo</p>"),
    ("one  \ntwo", "<p>one<br>two</p>"),
    ("- a\n- b\n\nend", "<ul><li>a</li><li>b</li></ul>\n<p>end</p>"),
    ("* a\n  more", "<ul><li>a\nmore</li></ul>"),
    ("1. a\n2) b", "<ol><li>a</li><li>b</li></ol>"),
    ("## Head\ntext", "<p><strong>Head</strong></p>\n<p>text</p>"),
    ("   indented", "<p>indented</p>"),
    ("lead:\n- item", "<p>lead:</p>\n<ul><li>item</li></ul>"),
    ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
    (r"\<b\> \*not soft\*", "<p>&lt;b&gt; *not soft*</p>"),
    ("&lt;b&gt; &amp; 5 &micro;g", "<p>&lt;b&gt; &amp; 5 µg</p>"),
    ("", ""),
    (
        "[paper](https://example.org/a?b=1&amp;c=2)",
        '<p><a href="https://example.org/a?b=1&amp;c=2" rel="noopener noreferrer" target="_blank">paper</a></p>',
    ),
    ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
    (
        "![x](https://example.org/i.png)",
        '<p>!<a href="https://example.org/i.png" rel="noopener noreferrer" target="_blank">x</a></p>',
    ),
]


@pytest.mark.parametrize(("text", "expected"), ROWS, ids=[row[0][:24] or "empty" for row in ROWS])
def test_rendering(text: str, expected: str) -> None:
    assert str(render(text)) == expected


SAFE = {"p", "strong", "em", "code", "ul", "ol", "li", "br", "a"}


@given(st.text(alphabet=st.sampled_from("ab*_`[]()<>&;#-\\\"' \n12.!hтps:/"), max_size=60))
def test_no_text_makes_another_tag(text: str) -> None:
    html = str(render(text))
    opened = [piece.split(">")[0].split(" ")[0].lstrip("/") for piece in html.split("<")[1:]]
    assert set(opened) <= SAFE
    assert isinstance(render(text), Markup)
