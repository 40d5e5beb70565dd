"""The words of statements and feedback: none missing, none spare, none that the tool may not say; none in templates."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from smart_app.attest_texts import FILE, attest_texts, codes
from tests.rules.test_texts import FORBIDDEN
from tests.smart.page.test_page_texts import UNSAFE

ROOM = FILE.parent
# Keys that are put together: by the word for how an act ended, the place of a statement, the answer of a card.
BUILT = re.compile(r"^(done|waiting|standing|kept|panel|feedback|field)\.")
BARE = re.compile(r">([^<>{}]*[A-Za-z]{3,}[^<>{}]*)<")


def asked() -> Iterator[str]:
    """Keys that the modules name in full."""
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in attest_texts().texts:
                yield str(node.value)


def test_no_text_claims_or_commands() -> None:
    texts = attest_texts().texts
    assert len(texts) > 100
    theirs = "causes-excluded."  # what a clinician states; the program itself excludes nothing, and says so there
    assert [key for key, text in texts.items() if FORBIDDEN.search(text) and not key.startswith(theirs)] == []
    assert [key for key, text in texts.items() if UNSAFE.search(text)] == []


def test_no_text_is_spare() -> None:
    built = {f"{code}.{key}" for code in codes() for key in ("title", "question", "help", "valid", "window")}
    built |= {f"treatment-response.{word}" for word in ("improving", "stable", "worsening")}
    built |= {"treatment-response.window_worsening"}
    spare = attest_texts().texts.keys() - set(asked()) - built
    assert {key for key in spare if not BUILT.match(key)} == set()


def test_every_ending_has_its_words() -> None:
    endings = {"ehr", "own", "refused", "unheard", "withdrawn", "discarded", "kept", "changed", "unsure"}
    assert {key.removeprefix("done.") for key in attest_texts().texts if key.startswith("done.")} == endings
    assert {f"waiting.{place}" for place in ("sending", "refused", "unheard")} <= attest_texts().texts.keys()


def test_words_live_in_the_file_and_not_in_templates() -> None:
    for name in ("_attest", "_feedback"):
        html = (ROOM / "templates" / f"{name}.html").read_text(encoding="utf-8")
        assert BARE.findall(re.sub(r"\{[{%#].*?[#%}]\}", "", html, flags=re.DOTALL)) == []
    used = set(re.findall(r"panel\.words\.([a-z_]+)", html)) | {"lead"}
    assert used <= {key.removeprefix("feedback.") for key in attest_texts().texts if key.startswith("feedback.")}
