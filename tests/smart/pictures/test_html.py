"""The pictures as HTML: sound, without inline style or script, every link leads somewhere, every picture has words."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache

import pytest

from rpild_rules.definition import CRITERIA
from smart_app.algorithm_picture import stages_in_words
from smart_app.picture_texts import picture_texts
from smart_app.trend_pictures import draw_trends
from tests.rules.test_texts import FORBIDDEN
from tests.smart.pictures.looking import KNOWLEDGE, PATIENTS, Seen, demo, pictures_html, seen

MOST_BYTES = 60_000


@cache
def page(patient: str) -> Seen:
    return Seen(pictures_html(*demo(patient)))


@pytest.mark.parametrize("patient", PATIENTS)
def test_it_is_well_formed_and_carries_no_style_and_no_handler(patient: str) -> None:
    html = page(patient)
    assert html.open == []
    attributes = {name for _, given in html.elements for name in given}
    assert {name for name in attributes if name == "style" or name.startswith("on")} == set()
    scripts = [given for tag, given in html.elements if tag == "script"]
    assert all(given.get("src") or given.get("type") == "application/json" for given in scripts)
    assert "<style" not in html.html


@pytest.mark.parametrize("patient", PATIENTS)
def test_every_name_is_given_once_and_every_link_leads_to_one(patient: str) -> None:
    html = page(patient)
    ids = Counter(html.having("id"))
    assert [id for id, times in ids.items() if times > 1] == []
    links = [href[1:] for href in html.having("href") if href.startswith("#")]
    targets = [link for link in links if not link.startswith(("criterion-", "stage-", "basis-"))]
    stages = {link.removeprefix("stage-") for link in links if link.startswith("stage-")}
    assert {"firstLine"} <= stages <= {each.rule.id for each in stages_in_words(KNOWLEDGE)}
    assert {link.removeprefix("criterion-") for link in links if link.startswith("criterion-")} <= set(CRITERIA)
    targets += [id for names in html.having("aria-labelledby") for id in names.split()]
    assert sorted(set(targets) - ids.keys()) == []


@pytest.mark.parametrize("patient", PATIENTS)
def test_every_picture_has_a_title_a_description_and_a_table(patient: str) -> None:
    html, trends = page(patient).html, draw_trends(*demo(patient))
    drawn = re.findall(
        r"<svg[^>]*(?:role=\"(?:img|group)\")[^>]*>\s*<title[^>]*>[^<]+</title>\s*<desc[^>]*>[^<]+</desc>", html
    )
    count = len(trends.pictures) if trends else 0
    assert len(drawn) == 2 + count
    assert html.count("<caption>") == count + bool(trends and trends.treatments.entries)
    assert html.count('<th scope="col">') >= 3 * count
    results = sum(len(each.rows) for each in trends.pictures) if trends else 0
    assert html.count('<th scope="row">') == results + (len(trends.treatments.entries) if trends else 0)


@pytest.mark.parametrize("patient", PATIENTS)
def test_it_stays_light(patient: str) -> None:
    assert len(page(patient).html.encode()) < MOST_BYTES


def test_the_patients_place_is_told_by_a_word_and_a_shape_in_each_picture() -> None:
    html = page("classic").html
    assert html.count("● this patient</text>") == 2
    links = re.findall(r'<a class="is-next" href="#stage-(\w+)">(.*?)</a>', html, re.DOTALL)
    plain = [(id, re.sub(r"<text[^>]*aria-hidden.*?</text>|<[^>]+>", "", words)) for id, words in links]
    assert plain == [("rescue", "Rescue reached from every stage marked ▾2"), ("response", "Response 1")] * 2


def test_the_ordered_list_says_the_same_as_the_picture() -> None:
    ways = re.search(r'<ol class="alg-next">(.*?)</ol>', page("classic").html, re.DOTALL)
    assert ways
    assert re.findall(r'<a href="#stage-(\w+)">', ways[1]) == ["response", "rescue"]


def test_values_of_the_chart_are_escaped_in_words_and_data() -> None:
    assessment, facts = seen(
        "test anti-mda5-qual positive @-14d", "ferritin 900 @-1d", "drug tacrolimus @-5d name=</script><b>x"
    )
    html = Seen(pictures_html(assessment, facts))
    assert "<b>x" not in html.html
    assert "&lt;/script&gt;&lt;b&gt;x" in html.html


def test_the_fixed_texts_say_nothing_that_a_card_may_not_say() -> None:
    said = picture_texts().texts
    assert [key for key, text in said.items() if FORBIDDEN.search(text)] == []
    assert len(said) > 100


def test_medians_are_called_what_they_are() -> None:
    words = " ".join(page("classic").words)
    assert "published medians with quartiles, survived and died: cohorts, not this patient's outlook" in words
    assert "a fact of a cohort, not this patient's outlook" in words
    assert "deaths (D), bars the quartiles; 20 with RP-ILD" in words


def test_a_logarithmic_scale_is_said() -> None:
    assert '<span class="chip">log scale</span>' in page("kurasawa-k1").html


def test_the_data_for_the_zoom_are_json_that_no_element_can_end() -> None:
    data = re.search(r'<script type="application/json" id="trend-data">(.*?)</script>', page("classic").html, re.DOTALL)
    assert data
    assert json.loads(data[1])["pictures"]["ferritin"]["limits"][0] == [828.0, "≥ 828"]
    assert "<" not in data[1]
