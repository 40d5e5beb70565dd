"""No text of a chart becomes markup, a link or a hidden character on a card."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_hooks.plain_markdown import LINE_LIMIT, card_line, detail, plain


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("FVC 3.00 L (2026-10-30) to 2.60 L: a fall of 13.3 %", "FVC 3.00 L (2026-10-30) to 2.60 L: a fall of 13.3 %"),
        ("FiO2 <= 0.4", "FiO2 <= 0.4"),
        ("P/F < 300 mmHg, lymphocytes 0.4 10*9/L", "P/F < 300 mmHg, lymphocytes 0.4 10\\*9/L"),
        ("<img src=x onerror=alert(1)>", "\\<img src=x onerror=alert(1)>"),
        ("a </b> <!-- x --> <?php", "a \\</b> \\<!-- x --> \\<?php"),
        ("[click](javascript:alert(1))", "[click]\\(javascript:alert(1))"),
        ("![x](http://evil.example/p.png)", "![x]\\(http\\://evil.example/p.png)"),
        ("[x]: http://evil.example", "[x]\\: http\\://evil.example"),
        ("[x][y]", "[x]\\[y]"),
        ("see https://evil.example and www.evil.example", "see https\\://evil.example and www\\.evil.example"),
        ("mail me@evil.example", "mail me at evil.example"),
        ("`code` *a* _b_ ~~c~~ |d|", "\\`code\\` \\*a\\* \\_b\\_ \\~\\~c\\~\\~ \\|d\\|"),
        ("back\\slash", "back\\\\slash"),
        ("&lt;script&gt; &#60; AT&T", "\\&lt;script\\&gt; \\&#60; AT&T"),
        ("# heading", "\\# heading"),
        ("> quote", "\\> quote"),
        ("1. first", "1\\. first"),
        ("2) second", "2\\) second"),
        ("13.3 % less", "13.3 % less"),
        ("+ more", "\\+ more"),
        ("--- rule", "\\--- rule"),
        ("[x] task", "\\[x] task"),
        ("- item", "\\- item"),
        ("**bold**", "\\*\\*bold\\*\\*"),
        ("one\n\n# two\r\nthree", "one # two three"),
        ("a\u202eb\u2066c\u200bd\x00e\x1b[31m", "abcde[31m"),
        ("", ""),
    ],
)
def test_lines_keep_their_words_and_lose_their_markup(line: str, expected: str) -> None:
    assert card_line(line) == expected


def test_a_line_has_an_end() -> None:
    assert len(card_line("x" * 5000)) == LINE_LIMIT
    assert card_line("x" * 5000).endswith("…")


def test_titles_are_bold_and_their_lines_bullets() -> None:
    sections = [("", ("One.", "Two.")), ("Missing", ("a", "", "b")), ("Nothing", ()), ("", ("End.",))]
    assert detail(sections) == "One.\n\nTwo.\n\n**Missing**\n\n- a\n- b\n\nEnd."


@settings(deadline=None)
@given(st.text())
def test_nothing_hidden_and_no_line_break_survives(text: str) -> None:
    line = card_line(text)
    assert not any(unicodedata.category(each) in {"Cc", "Cf", "Zl", "Zp"} for each in line)
    assert plain(line) == line


TAG = re.compile(r"(?<!\\)<[A-Za-z/!?]")
LINK = re.compile(r"(?<!\\)\][(\[:]|(?<!\\)://|(?i:www(?<!\\)\.)")


@settings(deadline=None)
@given(st.text(alphabet="<>[]()!*_`~\\:/#-+=.@wW&;ab1 \n"))
def test_no_tag_and_no_link_survives(text: str) -> None:
    bare = card_line(text).replace("\\\\", "\0")
    assert not TAG.search(bare)
    assert "](" not in bare
    assert "][" not in bare
    assert "www." not in bare.lower()
