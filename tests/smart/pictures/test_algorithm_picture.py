"""The pathway's picture: all stages and ways of the table, no line across a box, where the patient is, and why."""

from __future__ import annotations

import re
from itertools import combinations, pairwise

import pytest

from rpild_rules.pathway_rows import StageRule, Transition
from smart_app.algorithm_layout import Layout, Rect, content, hub
from smart_app.algorithm_picture import AlgorithmPicture, Box, draw_algorithm
from tests.smart.pictures.looking import KNOWLEDGE, PATIENTS, demo, seen

POSITIVE = "test anti-mda5-qual positive @-14d"
EPISODE = (POSITIVE, "condition dyspnea @-18D", "fvc 3.00 @-23d", "fvc 2.60 @-1d")
ALONE = ("test anti-mda5-qual negative @-4d", "condition dyspnea @-9D")
TREATED = ("drug prednisolone @-8d mg=60", "drug tacrolimus @-8d mg=4")


def picture(*lines: str) -> AlgorithmPicture:
    return draw_algorithm(seen(*lines)[0])


@pytest.fixture(params=["wide", "tall"])
def layout(request: pytest.FixtureRequest) -> Layout:
    drawn = picture(*EPISODE)
    return (drawn.wide if request.param == "wide" else drawn.tall).layout


def corners(path: str) -> list[tuple[float, float]]:
    """The end points of a path's pieces."""
    pairs = re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)
    return [(float(x), float(y)) for x, y in pairs]


def crosses(one: tuple[float, float], other: tuple[float, float], box: Rect) -> bool:
    """Whether a piece of a line goes through the inside of a box."""
    inner = Rect(box.x + 1, box.y + 1, box.width - 2, box.height - 2)
    low, high = (tuple(choose(a, b) for a, b in zip(one, other, strict=True)) for choose in (min, max))
    across = low[0] < inner.x + inner.width and high[0] > inner.x
    return across and low[1] < inner.y + inner.height and high[1] > inner.y


def test_every_stage_and_every_way_of_the_table_is_in_the_picture(layout: Layout) -> None:
    ways = {(each.start, each.end) for each in KNOWLEDGE.tables.of(Transition).values()}
    assert set(layout.boxes) == set(KNOWLEDGE.tables.of(StageRule))
    assert set(layout.lines) == {way for way in ways if hub() not in way}
    assert {(each["start"], each["end"]) for each in content()["bend"]} <= set(layout.lines)
    assert set(content()["basis"]) == set(layout.boxes)


def test_no_line_runs_through_a_box_and_no_box_over_another(layout: Layout) -> None:
    pieces = [(way, piece) for way, line in layout.lines.items() for piece in pairwise(corners(line.path))]
    hits = [(way, id) for way, piece in pieces for id, box in layout.boxes.items() if crosses(*piece, box)]
    assert hits == []
    overlaps = [
        (one, other)
        for (one, a), (other, b) in combinations(layout.boxes.items(), 2)
        if crosses((a.x, a.y), (a.x + a.width, a.y + a.height), b)
    ]
    assert overlaps == []
    inside = Rect(0, 0, layout.width, layout.height)
    assert all(
        inside.holds((b.x, b.y)) and inside.holds((b.x + b.width, b.y + b.height)) for b in layout.boxes.values()
    )


def test_a_line_starts_and_ends_at_the_border_of_its_boxes(layout: Layout) -> None:
    for (start, end), line in layout.lines.items():
        spots = corners(line.path)
        assert layout.boxes[start].holds(spots[0])
        assert layout.boxes[end].holds(spots[-1])
        assert line.head.startswith(f"M{spots[-1][0]:g} {spots[-1][1]:g}L")


def boxes(drawn: AlgorithmPicture) -> dict[str, Box]:
    return {box.id: box for box in drawn.wide.boxes}


def test_the_patient_stands_in_one_box_and_the_ways_from_there_are_numbered_as_in_words() -> None:
    drawn = picture(*EPISODE)
    assert [box.id for box in drawn.wide.boxes if box.state == "here"] == ["firstLine"]
    assert [way.end for way in drawn.stage.ways] == ["response", "rescue"]
    assert {id: box.number for id, box in boxes(drawn).items() if box.number} == {"response": 1, "rescue": 2}
    note = boxes(drawn)["firstLine"].note
    assert note is not None
    assert note.text == "this patient"
    assert drawn.wide.next_ways.count("M") == 1  # the way to the hub is a mark, no line
    assert drawn.text.endswith("Ways from here: Response, Rescue. The same in words stands below the picture.")


def test_marks_tell_ways_to_and_from_the_hub() -> None:
    drawn = boxes(picture(*EPISODE))
    assert {id for id, box in drawn.items() if not box.out} == {"rescue", "maintenance", "outOfScope"}
    assert {id for id, box in drawn.items() if box.back} == {"response", "refractory", "maintenance", "outOfScope"}


def test_a_stage_from_which_everything_is_a_mark_has_no_bold_line() -> None:
    drawn = picture(POSITIVE, "support ecmo @-1d")
    assert (drawn.stage.rule.id, drawn.wide.next_ways) == ("rescue", "")
    assert sorted(box.number for box in drawn.tall.boxes if box.number) == [1, 2, 3, 4]
    assert drawn.before == ()


def words(drawn: AlgorithmPicture) -> list[tuple[str, str]]:
    return [(line.status.value, line.text) for line in drawn.led]


def test_what_led_there_is_told_with_its_criteria_and_its_entries_of_the_record() -> None:
    drawn = picture(*EPISODE)
    assert words(drawn)[0][1].startswith("Anti-MDA5 positive")
    assert words(drawn)[1:] == [
        ("met", "Four-condition definition (teaching deck)"),
        ("notMet", "No combination therapy found in the chart as read"),
    ]
    parts = {part.text.partition(":")[0]: part.status.value for part in drawn.led[1].parts}
    assert parts["Fall of FVC"] == "met"
    assert parts["Fall of DLCO"] == "unknown"
    assert set(drawn.led[1].evidence) >= {"Observation/002", "Observation/003"}
    assert drawn.before == ("Rescue", "Refractory", "Maintenance", "Response")


@pytest.mark.parametrize(
    ("lines", "stage", "told"),
    [
        (("condition dermatomyositis @-60D", "condition ild @-14D"), "suspected", "No anti-MDA5 result in the record"),
        (
            ("condition dermatomyositis @-60D", "order order-myositis-antibody @-1d items=myositis-panel"),
            "antibodyPending",
            "Anti-MDA5 sent, no result yet",
        ),
        ((POSITIVE,), "surveillance", "Anti-MDA5 positive"),
        ((*EPISODE, *TREATED), "response", "Combination therapy runs since 2026-11-16"),
        ((*EPISODE, "unread E-MED fetch-failed"), "firstLine", "Treatment could not be read in full"),
        ((*EPISODE, "drug prednisolone @-8d mg=60"), "firstLine", "Running, and not shown to be combination therapy: "),
        ((*EPISODE, *TREATED), "response", "Response not judged on the page"),
        ((*EPISODE, *TREATED, "attest treatment-response worsening @-1h"), "refractory", "Response judged worsening"),
        ((*EPISODE, *TREATED, "attest treatment-response worsening @-1h"), "refractory", "Kurasawa conditions found"),
        ((*EPISODE, *TREATED, "support hfnc @-1d"), "response", "Sign of worsening: hfnc begun"),
        (
            ("condition dyspnea @-18D", *EPISODE, *TREATED, "attest treatment-response improving @-1h"),
            "maintenance",
            "Response judged improving",
        ),
        (
            ("condition ild @-14D", "test anti-mda5-qual negative @-9d", "test anti-jo1 positive @-9d"),
            "otherMsa",
            "Other antibodies: anti-Jo-1",
        ),
        (
            ("condition dermatomyositis @-60D", "condition ild @-14D", "test anti-mda5-qual negative @-9d"),
            "otherMsa",
            "No other antibody positive",
        ),
        ((*ALONE, "pao2 55 @-2h"), "ruleOuts", "Bilateral infiltrates not attested"),
        (
            (*ALONE, "pao2 55 @-2h", "attest bilateral-infiltrates true @-1d", "attest causes-excluded true @-1d"),
            "aip",
            "Rule-outs attested by a clinician",
        ),
        ((POSITIVE, "pao2 70 @-2h", "fio2 1.0 @-2h"), "rescue", "Severe respiratory failure: P/F 70.0"),
        ((*EPISODE, "support invasive-ventilation @-1d", "pao2 70 @-2h", "fio2 0.6 @-2h"), "rescue", "Need of rescue"),
        ((POSITIVE, "support ecmo @-1d"), "rescue", "ECMO is running"),
        (("condition knee-pain @-9D",), "outOfScope", "No sign of myositis or rapid lung disease"),
    ],
)
def test_every_stage_says_what_it_rests_on(lines: tuple[str, ...], stage: str, told: str) -> None:
    drawn = picture(*lines)
    assert drawn.stage.rule.id == stage
    assert any(text.startswith(told) for _, text in words(drawn)), words(drawn)


def test_an_episode_of_earlier_is_told_with_its_day() -> None:
    earlier = (POSITIVE, "condition dyspnea @-35D", "fvc 3.00 @-45d", "fvc 2.60 @-20d", "fvc 2.90 @-1d")
    drawn = picture(*earlier)
    assert any("today they are not met or cannot be determined" in text for _, text in words(drawn))


@pytest.mark.parametrize("patient", PATIENTS)
def test_the_same_chart_gives_the_same_picture(patient: str) -> None:
    assessment, _ = demo(patient)
    assert draw_algorithm(assessment) == draw_algorithm(assessment)
