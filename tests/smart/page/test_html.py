"""The page as HTML: whole, safe, reachable, and the same for the same patient; for every patient of the demo EHR."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import pytest

from fhir_mappings.identity import Identity
from smart_app.changes import Change
from smart_app.note_text import note_text
from smart_app.page import View, no_assets
from smart_app.rendering import environment, render_basis, render_page, render_values, warm_up
from tests.smart.page.pages import FALL, MET, ONSET, POSITIVE, asset, demo_page, html, page, words
from tests.smart.pictures.looking import KNOWLEDGE, PATIENTS, Seen

PARTS = ["criteria", "options", "workup", "transplant", "flags", "trends", "algorithm", "why", "note"]
ELSEWHERE = "/smart/basis#"


BASIS = Seen(render_basis(KNOWLEDGE, View(asset=asset)))


@pytest.fixture(params=PATIENTS)
def patient(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@cache
def drawn(patient: str) -> Seen:
    """The page of a demo patient, parsed once for all that is asked of it."""
    return html(demo_page(patient))


def test_every_demo_patient_has_a_whole_page(patient: str) -> None:
    one = drawn(patient)
    assert one.open == []
    tags = [tag for tag, _ in one.elements]
    assert tags.count("h1") == tags.count("main") == 1
    assert next(attributes["lang"] for tag, attributes in one.elements if tag == "html") == "en"


def test_ids_are_there_once_and_every_anchor_leads_somewhere(patient: str) -> None:
    one = drawn(patient)
    ids = one.having("id")
    assert len(ids) == len(set(ids))
    anchors = {href[1:] for href in one.having("href") if href.startswith("#")}
    assert anchors - set(ids) == set()
    behind = {href.removeprefix(ELSEWHERE) for href in one.having("href") if href.startswith(ELSEWHERE)}
    assert behind - set(BASIS.having("id")) == set()
    named = {
        each for attribute in ("aria-labelledby", "data-copy") for ids in one.having(attribute) for each in ids.split()
    }
    assert named - set(ids) == set()


def test_no_code_stands_in_the_page(patient: str) -> None:
    one = drawn(patient)
    assert one.having("style") == []
    assert [tag for tag, _ in one.elements if tag == "style"] == []
    scripts = [attributes for tag, attributes in one.elements if tag == "script"]
    assert all("src" in each or each.get("type") == "application/json" for each in scripts)
    assert [name for _, attributes in one.elements for name in attributes if name.startswith("on")] == []
    outside = [src for name in ("src", "action") for src in one.having(name) if "//" in src]
    assert outside == []


def test_headings_stand_in_order(patient: str) -> None:
    levels = [int(tag[1]) for tag, _ in drawn(patient).elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    jumps = [(one, other) for one, other in pairwise(levels) if other > one + 1]
    assert jumps == []


def test_every_table_has_a_caption_and_scopes(patient: str) -> None:
    one = drawn(patient)
    tags = [tag for tag, _ in one.elements]
    assert tags.count("caption") == tags.count("table")
    assert all("scope" in attributes for tag, attributes in one.elements if tag == "th")


def test_the_same_patient_gives_the_same_page(patient: str) -> None:
    assert render_page(demo_page(patient)) == render_page(demo_page(patient))


def test_the_parts_stand_in_their_order_and_only_what_the_card_is_about_stands_open() -> None:
    one = html(demo_page("classic"))
    ids = one.having("id")
    assert sorted(("standing", "missing", "cards", *PARTS), key=ids.index) == ["standing", "missing", "cards", *PARTS]
    assert [part.id for part in demo_page("classic").parts if part.open] == ["options"]
    assert [part.id for part in demo_page("one-statement").parts if part.open] == ["criteria"]
    assert [part.id for part in demo_page("ecmo-candidate").parts if part.open] == ["transplant"]
    assert [part.id for part in page(*MET, opened=frozenset({"attest"}), attest=None).parts if part.open] == ["options"]


def test_each_folded_part_is_told_in_a_line(patient: str) -> None:
    parts = demo_page(patient).parts
    assert all(part.gist for part in parts)
    assert bool(parts) == (patient != "rheumatoid-knee")
    told = {part.id: part.gist for part in parts}
    if patient == "one-statement":
        assert told["criteria"] == "Four conditions: unknown; One-month triad: not met; Three months: unknown"
        assert told["flags"] == "1 of 8 met, 1 unknown"
        assert told["algorithm"] == "Surveillance; may come next: First line, Rescue"


def test_what_is_behind_every_page_stands_at_the_end_of_a_page_in_a_file() -> None:
    inline = html(page(*MET, basis=""))
    ids = inline.having("id")
    assert len(ids) == len(set(ids))
    assert {href[1:] for href in inline.having("href") if href.startswith("#")} <= set(ids)
    assert set(BASIS.having("id")) - {"main", "basis-title"} <= set(ids)
    assert ids.count("stage-firstLine") == 1


def test_the_basis_is_whole_and_of_no_patient() -> None:
    assert BASIS.open == []
    ids = BASIS.having("id")
    assert len(ids) == len(set(ids))
    levels = [int(tag[1]) for tag, _ in BASIS.elements if re.fullmatch("h[1-6]", tag)]
    assert [(one, other) for one, other in pairwise([1, *levels]) if other > one + 1] == []
    assert "Test Person" not in BASIS.html


def test_the_identity_stands_on_every_page(patient: str) -> None:
    said = " ".join(" ".join(drawn(patient).words).split())
    for part in ("Test Person", "born 1976-10-14", "ID MRN-1", "female", "chart read"):
        assert part in said


def test_what_the_chart_holds_is_never_code() -> None:
    evil = "<script>alert(1)</script>\"'{{7*7}}"
    who = Identity(evil, evil, "other", evil)
    shown = render_page(page(*MET, "condition pneumonia @-3D", patient={"identity": who, "failed": (evil,)}, user=evil))
    assert "<script>alert" not in shown
    assert "49" not in "".join(Seen(shown).words[:40])
    assert shown.count("&lt;script&gt;") >= 4


def test_no_name_no_age() -> None:
    said = words(page(*MET, patient={"identity": Identity()}))
    assert "Name not given" in said
    assert "sex not recorded" in said


def test_each_status_is_a_word() -> None:
    one = html(page(*MET))
    row = re.search(r'id="criterion-hrctIncrease".*?</tr>', one.html, re.DOTALL)
    assert row
    assert '<span class="status unknown">unknown</span>' in row[0]


def test_values_lead_to_the_record_where_the_ehr_says_how() -> None:
    linked = html(page(*MET, resource_url="https://ehr.example/show?ref={reference}"))
    assert "https://ehr.example/show?ref=Observation/002" in linked.having("href")
    assert "Observation/002" in words(page(*MET))
    assert not [href for href in html(page(*MET)).having("href") if "Observation" in href]


def test_out_of_scope_is_calm_and_no_all_clear() -> None:
    said = words(demo_page("rheumatoid-knee"))
    assert "Gate 3: a sign of the disease. No sign of myositis or rapid lung disease." in said
    assert "That is no all-clear" in said
    assert "met" not in re.findall(r"\bmet\b", said)
    assert "What would bring the chart back in" in said


def test_a_gate_that_could_not_see_says_so() -> None:
    said = words(page("condition rash @-3D", patient={"not_permitted": ("antibodies",)}))
    assert "so the gate itself is not certain" in said
    assert "Not permitted to read: antibodies." in said


def test_what_was_not_read_stands_beside_what_was() -> None:
    lost = {"not_permitted": ("lung function",), "failed": ("microbiology", "orders")}
    said = words(page(*MET, patient=lost))
    assert "Not permitted to read: lung function." in said
    assert "Could not be read: microbiology, orders." in said
    assert "It is not taken as absent." in said
    dirty = html(demo_page("dirty-chart"))
    assert "partial" in dirty.having("id")
    assert (
        "unit or value not usable" in words(demo_page("dirty-chart")).split("The record could not be read in full")[1]
    )
    assert "partial" not in html(page(*MET)).having("id")


@dataclass(frozen=True)
class Form:
    """Stands for the view models of the forms: true, and nothing in it."""


def test_what_changed_is_told_in_words() -> None:
    changes = (
        Change("stage", "stage", "Surveillance", "First line"),
        Change("finding", "Fall of FVC", "unknown", "met"),
        Change("finding", "Fall of DLCO", "", "unknown"),
        Change("finding", "Gas exchange", "met", ""),
    )
    said = words(page(*MET, since="2026-11-20 09:00", changes=changes))
    assert "Since 2026-11-20 09:00" in said
    assert "Stage : First line (was Surveillance)" in said
    assert "Fall of FVC : met (was unknown)" in said
    assert "Fall of DLCO : unknown (was not judged)" in said
    assert "Gas exchange : not judged (was met)" in said
    assert "Nothing changed since 2026-11-20 09:00." in words(page(*MET, since="2026-11-20 09:00"))
    assert "changes" not in html(page(*MET)).having("id")


def test_notices_of_the_launch_are_shown() -> None:
    assert "The card said otherwise." in words(page(*MET, notices=("The card said otherwise.",)))


def test_the_summary_on_paper_says_the_same() -> None:
    paper = re.search(
        r'<section class="on-paper".*?</section>', render_page(page(*MET, "ferritin 1680 @-1d")), re.DOTALL
    )
    assert paper
    said = " ".join(" ".join(Seen(paper[0]).words).split())
    assert page(*MET).standing.sentence in said
    assert "Limits of care on record: partial." in words(page(*MET, "limit partial @-3d")).split("Seen by, date")[0]
    for part in ("Test Person", "Four conditions", "Increase on HRCT", "Gono", "RP-ILD criteria met", "Seen by, date"):
        assert part in said


def test_paper_of_a_patient_out_of_scope_is_no_all_clear_either() -> None:
    paper = re.search(r'<section class="on-paper".*?</section>', render_page(demo_page("rheumatoid-knee")), re.DOTALL)
    assert paper
    said = " ".join(" ".join(Seen(paper[0]).words).split())
    assert "That is no all-clear" in said
    assert "Gate 3: a sign of the disease" in said


def test_the_note_is_in_the_page() -> None:
    one = page(*MET)
    shown = re.search(r"<pre[^>]*>(.*?)</pre>", render_page(one), re.DOTALL)
    assert shown
    assert shown[1].replace("&gt;", ">").replace("&#39;", "'") == note_text(one)
    assert "note" in html(one).having("href")


def test_a_page_in_a_file_has_no_forms_and_asks_for_nothing() -> None:
    one = html(page(*MET, base="", csrf="", style="body { color: red; }", asset=no_assets))
    tags = [tag for tag, _ in one.elements]
    assert "form" not in tags
    assert "script" not in tags
    assert "link" not in tags
    assert "body { color: red; }" in one.html


def test_templates_compile_and_forgive_nothing() -> None:
    warm_up()
    with pytest.raises(Exception, match="undefined"):
        environment().from_string("{{ unheard }}").render()


def test_the_onset_form_is_offered_where_there_are_forms() -> None:
    lines = (POSITIVE, *FALL)
    assert "#attest-respiratory-onset" not in html(page(*lines)).having("href")
    assert ONSET not in lines


def test_a_long_chart_weighs_little_more_than_a_short_one() -> None:
    """200 results: the newest stand beside the pictures with those that a criterion compares, all on their own page."""
    kinds = ("ferritin", "ldh", "crp", "kl6", "ck", "lymphocytes-abs", "spo2", "pao2")
    many = page(*MET, *(f"{kind} {60 + day} @-{day + 1}d" for kind in kinds for day in range(25)))
    assert many.trends
    rows = {each.id: (len(each.newest), len(each.rows)) for each in many.trends.pictures}
    assert rows["ferritin"] == (1, 25)
    assert len(render_page(many).encode()) < 115_000
    far = page(*MET, *(f"fvc 2.6{n} @-{n}h" for n in range(2, 9))).trends
    assert far
    fvc = next(each for each in far.pictures if each.id == "fvc")
    assert "baseline" in fvc.newest[-1].note, "what a criterion compares is always there"
    assert 'id="values-fvc"' in render_values(many)
    assert "The chart holds none." in render_values(page(POSITIVE))
