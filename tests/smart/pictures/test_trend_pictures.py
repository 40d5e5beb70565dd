"""The trends: every value in its place with its sign, thresholds by name, medians as context, treatment below."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import pairwise

import pytest

from smart_app.trend_pictures import TrendPicture, Trends, draw_trends
from smart_app.trend_pictures import rounded as label_of
from tests.smart.pictures.looking import PATIENTS, demo, seen, trends_of

POSITIVE = "test anti-mda5-qual positive @-14d"


def one(trends: Trends, id: str) -> TrendPicture:
    return next(picture for picture in trends.pictures if picture.id == id)


def test_a_chart_without_results_has_no_trends() -> None:
    assert draw_trends(*seen(POSITIVE)) is None


def test_values_run_from_left_to_right_and_the_newest_is_written_out() -> None:
    ferritin = one(trends_of(POSITIVE, "ferritin 1680 @-1d", "ferritin 412 @-21d"), "ferritin")
    assert [mark.kind for mark in ferritin.marks] == ["plain", "plain"]
    assert ferritin.marks[0].x < ferritin.marks[1].x
    assert ferritin.marks[0].y > ferritin.marks[1].y
    assert ferritin.last is not None
    assert (ferritin.last.text, ferritin.last.y < ferritin.marks[1].y) == ("1680", True)
    assert ferritin.latest == "1680 ng/mL, 2026-11-23 10:00"
    assert ferritin.text == "2 values: from 412 on 2026-11-03 10:00 to 1680 on 2026-11-23 10:00."


def test_the_number_of_a_falling_line_stands_below_it() -> None:
    lymphocytes = one(trends_of(POSITIVE, "lymphocytes-abs 0.4 @-1d", "lymphocytes-abs 1.1 @-21d"), "lymphocytes-abs")
    assert lymphocytes.last is not None
    assert lymphocytes.last.y > lymphocytes.marks[-1].y


def test_bounds_and_periods_have_signs_of_their_own_and_are_no_corner_of_the_line() -> None:
    lines = ("ferritin >1500 @-1d", "ferritin <40 @-60d", "ferritin 700 @-40D/month", "ferritin 600 @-3D")
    ferritin = one(trends_of(POSITIVE, *lines), "ferritin")
    assert [mark.kind for mark in ferritin.marks] == ["below", "period", "plain", "above"]
    assert ferritin.marks[1].end > ferritin.marks[1].x
    assert ferritin.line.count(",") == 1
    assert (ferritin.latest, ferritin.last and ferritin.last.text) == (">1500 ng/mL, 2026-11-23 10:00", ">1500")
    notes = [row.note for row in ferritin.rows]
    assert notes == ["only known to be above", "", "date known as a period", "only known to be below"]


def test_the_limit_of_the_oxygen_pressure_is_drawn_for_gases_on_room_air() -> None:
    air, oxygen = (
        ("pao2 62 @-9d", "fio2 0.21 @-9d", "pao2 58 @-6d", "fio2 0.21 @-6d"),
        ("pao2 66 @-1d", "fio2 1.0 @-1d"),
    )
    pressure = one(trends_of(POSITIVE, *air, *oxygen), "pao2")
    ((begin, end),) = pressure.levels[0].lines
    assert begin < pressure.marks[0].x < pressure.marks[1].x < end < pressure.marks[2].x
    assert "The limit < 60 mmHg is drawn for gases on room air" in " ".join(pressure.notes)
    assert one(trends_of(POSITIVE, *oxygen), "pao2").levels == (), "on oxygen it tells nothing"
    zoomed = trends_of(POSITIVE, *air, *oxygen).data["pictures"]
    assert [len(each) for each in zoomed["pao2"]["limits"]] == [3]
    assert [len(each) for each in zoomed["pf-ratio"]["limits"]] == [2], "that of the ratio holds for all"
    older = one(trends_of(POSITIVE, "pao2 62 @-185d", "fio2 0.21 @-185d", *oxygen), "pao2")
    assert older.levels == ()


def test_thresholds_are_the_parameters_in_force_with_their_source() -> None:
    ferritin = one(trends_of(POSITIVE, "ferritin 900 @-1d"), "ferritin")
    assert [level.label for level in ferritin.levels] == ["≥ 1500", "≥ 828"]
    assert [each.words.split(":")[0] for each in ferritin.limits] == ["at or above 828", "at or above 1500"]
    assert "(PROG-1)" in ferritin.limits[0].words


def test_labels_of_thresholds_close_together_do_not_cover_each_other() -> None:
    wide = "spo2 70 @-9d", "spo2 96 @-1d"
    levels = one(trends_of(POSITIVE, *wide), "spo2").levels
    assert [level.label for level in levels] == ["< 95", "< 90"]
    assert all(abs(a.text_y - b.text_y) > 10 for a, b in pairwise(levels))


def test_medians_are_named_by_their_cohort_and_never_put_beside_another_unit() -> None:
    trends = trends_of(POSITIVE, "ferritin 900 @-1d", "crp 40 @-1d", "kl6 900 @-1d", "pf-ratio 250 @-1d")
    ferritin, crp = one(trends, "ferritin"), one(trends, "crp")
    assert [each.group for each in ferritin.whiskers] == ["survived", "died"]
    assert ferritin.published.drawn[0].value == 409
    assert "Margin: medians of survivors (S) and deaths (D), bars the quartiles; 20 with RP-ILD" in ferritin.notes
    assert (crp.whiskers, crp.published.words) == ((), ())
    assert "prints no unit" in crp.published.left_out[0]
    assert one(trends, "kl6").published.drawn == ()
    assert (
        "Margin: medians of survivors (S) and deaths (D), bars the quartiles; 20 with RP-ILD; its source prints no unit"
        in one(trends, "pf-ratio").notes
    )


def test_both_medians_stand_inside_whatever_the_patient_has() -> None:
    ldh = one(trends_of(POSITIVE, "ldh 4000 @-1d"), "ldh")
    assert ldh.values is not None
    assert ldh.values.low < 311
    assert ldh.values.high > 4000


def test_the_pair_of_a_decided_comparison_is_marked() -> None:
    lines = (POSITIVE, "condition dyspnea @-18D", "fvc 3.20 @-90d", "fvc 3.00 @-23d", "fvc 2.80 @-9d", "fvc 2.60 @-1d")
    fvc = one(trends_of(*lines), "fvc")
    assert fvc.pair is not None
    assert [float(point.value) for point in (fvc.pair.baseline, fvc.pair.index)] == [3.0, 2.6]
    assert fvc.pair.status.value == "met"
    assert fvc.pair.words.startswith("Fall of FVC: FVC 3.00")
    assert {(mark.x, mark.y) for mark in fvc.ring} == {
        (fvc.marks[1].x, fvc.marks[1].y),
        (fvc.marks[3].x, fvc.marks[3].y),
    }
    assert [row.note for row in fvc.rows] == ["compared in Fall of FVC", "", "baseline of Fall of FVC", ""]


def test_a_comparison_is_marked_where_it_was_made_and_nowhere_else() -> None:
    lines = ("fvc 3.00 @-23d", "fvc 2.60 @-1d", "fvc-pct-pred 80 @-23d", "fvc-pct-pred 71 @-1d")
    trends = trends_of(POSITIVE, "condition dyspnea @-18D", *lines)
    assert one(trends, "fvc").pair
    assert one(trends, "fvc-pct-pred").pair is None


@pytest.mark.parametrize("lines", [("fvc 2.60 @-1d",), ("fvc >3.00 @-23d", "fvc 2.60 @-1d")])
def test_nothing_is_marked_where_nothing_was_decided(lines: tuple[str, ...]) -> None:
    fvc = one(trends_of(POSITIVE, "condition dyspnea @-18D", *lines), "fvc")
    assert (fvc.pair, fvc.ring) == (None, ())


def test_results_without_a_usable_value_stand_at_the_foot_and_in_the_table() -> None:
    lines = (
        "ldh 300 @-9d problem=unit",
        "ldh 320 @-2d status=preliminary",
        "ldh 900 @+40d",
        "ldh 310",
        "ldh 290 @-300d",
    )
    ldh = one(trends_of(POSITIVE, *lines), "ldh")
    assert len(ldh.unplaced) == 2
    assert (ldh.values, ldh.last, ldh.marks, ldh.levels) == (None, None, (), ())
    assert "4 results without a usable value, see the table" in ldh.notes
    assert "One older value in the table only" in ldh.notes
    notes = [row.note for row in ldh.rows]
    assert notes == [
        "not used: dated in the future",
        "not used: preliminary",
        "not used: unit or value not usable",
        "older than the picture",
        "not used: date not precise enough",
    ]
    assert [row.date for row in ldh.rows][-1] == "no date"


def test_a_marker_with_unusable_results_only_says_so() -> None:
    crp = one(trends_of(POSITIVE, "crp 13 @-1d problem=unit"), "crp")
    assert (crp.latest, crp.text) == ("no usable value", "no usable value")
    assert "One result without a usable value, see the table" in crp.notes


def test_several_older_values_are_counted() -> None:
    lines = ("ldh 300 @-9d", "ldh 310 @-200d", "ldh 290 @-300d")
    ldh = one(trends_of(POSITIVE, *lines), "ldh")
    assert "2 older values in the table only" in ldh.notes
    assert len(ldh.marks) == 1


def test_a_ratio_worked_out_is_told_apart() -> None:
    ratio = one(trends_of(POSITIVE, "pao2 63 @-1d", "fio2 0.21 @-1d"), "pf-ratio")
    assert [mark.kind for mark in ratio.marks] == ["computed"]
    assert ratio.rows[0].used == "300.0 mmHg"
    assert any(note.startswith("Computed from PaO2") for note in ratio.notes)


def test_results_of_one_hour_that_differ_much_are_crossed_and_no_corner_of_the_line() -> None:
    trends = trends_of(POSITIVE, "pao2 88 @-1d", "pao2 57 @-1d5m", "pao2 80 @-5d")
    gases = one(trends, "pao2")
    assert [mark.kind for mark in gases.marks] == ["plain", "doubt", "doubt"]
    assert gases.latest.endswith("contradicted")
    assert gases.last is None
    assert [row.note for row in gases.rows] == ["another result of the same hour differs"] * 2 + [""]
    assert [point[2:] for point in trends.data["pictures"]["pao2"]["points"]] == [[], ["x"], ["x"]]


TREATED = ("drug prednisolone @-8d mg=60", "drug tacrolimus @-7d mg=4")


def test_treatment_stands_below_on_the_same_axis_with_t0() -> None:
    lines = (POSITIVE, "condition dyspnea @-18D", "fvc 3.00 @-23d", "fvc 2.60 @-1d", *TREATED)
    trends = trends_of(*lines)
    treated = trends.treatments
    assert [row.name for row in treated.rows] == ["GC", "CNI"]
    first, second = (row.bars[0] for row in treated.rows)
    assert first.x < second.x == treated.t0
    assert first.x + first.width == pytest.approx(second.x + second.width)
    assert first.words == "prednisolone: 2026-11-16 10:00 – goes on"
    assert [entry.end for entry in treated.entries] == ["goes on", "goes on"]
    assert "treatment" in trends.signs


def test_what_proves_no_use_is_listed_and_not_drawn() -> None:
    others = (
        "drug tacrolimus @-5d reported=yes kind=statement",
        "drug rituximab @-4d intent=plan",
        "drug cyclophosphamide",
    )
    trends = trends_of(POSITIVE, "ferritin 900 @-9d", *others, "drug azathioprine @-4d route=nonsystemic")
    assert trends.treatments.rows == ()
    assert [(each.drug_class, each.note) for each in trends.treatments.entries] == [
        ("CNI", "not drawn: no use proven by this entry"),
        ("CYC", "not drawn: no use proven by this entry"),
    ]
    assert trends.treatments.entries[1].start == "no date"


def test_a_single_dose_and_a_course_that_ended_keep_their_ends() -> None:
    drugs = (
        "drug rituximab @-4d kind=administration status=completed",
        "drug cyclosporine @-400d until=-2d status=stopped",
        "drug pirfenidone @-300d until=-250d status=stopped",
    )
    treated = trends_of(POSITIVE, "ferritin 900 @-9d", *drugs).treatments
    rows = {row.name: row.bars[0] for row in treated.rows}
    assert list(rows) == ["CNI", "RTX"]
    assert rows["RTX"].width == 3
    assert rows["RTX"].words == "rituximab: 2026-11-20 10:00"
    assert [entry.note for entry in treated.entries] == [
        "begun before the picture",
        "dose given",
        "begun before the picture",
    ]


@pytest.mark.parametrize(
    ("value", "text"), [("1680.4", "1680"), ("323.35", "323"), ("17.50", "17.5"), ("0.460", "0.46"), ("100", "100")]
)
def test_labels_have_three_figures_or_so(value: str, text: str) -> None:
    assert label_of(Decimal(value)) == text


def test_the_data_of_the_zoom_hold_every_value_the_older_ones_too() -> None:
    lines = (
        POSITIVE,
        "ferritin >1500 @-1d",
        "ferritin 700 @-40D/month",
        "ferritin 300 @-300d",
        "ldh 1 @-1d problem=unit",
    )
    trends = trends_of(*lines, *TREATED)
    data = json.loads(json.dumps(trends.data))
    ferritin = data["pictures"]["ferritin"]
    latest, *month = ferritin["points"][1]
    assert [ferritin["points"][n][1:] for n in (0, 2)] == [[300.0], [1500.0, ">"]]
    assert month == [700.0, "", month[2]]
    assert latest - month[2] > 27 * 86400
    assert (ferritin["span"][0] <= 300, data["zone"], list(data["pictures"])) == (True, "UTC", ["ferritin"])
    assert [name for name, _ in data["treatments"]] == ["GC", "CNI"]
    assert data["to"] - data["t0"] == 7 * 86400


def test_values_that_are_all_older_than_the_picture_can_be_zoomed_to() -> None:
    trends = trends_of(POSITIVE, "ldh 310 @-200d", "ferritin 3 @-1d")
    assert one(trends, "ldh").values is None
    assert trends.data["pictures"]["ldh"]["ticks"]


@pytest.mark.parametrize("patient", PATIENTS)
def test_the_same_chart_gives_the_same_pictures(patient: str) -> None:
    assert draw_trends(*demo(patient)) == draw_trends(*demo(patient))
