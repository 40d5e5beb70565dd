"""A site's own codes: what they make readable, what is refused at the start, and the commands that help."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fhir_mappings.chart import read_chart
from fhir_mappings.check_digits import holds, loinc_holds, snomed_holds
from fhir_mappings.code_tables import CONCEPTS
from fhir_mappings.site_mapping import SiteMapping, SiteMappingError, load_site_mapping
from rpild_rules.facts import Meaning, PatientFacts
from rpild_rules.findings import Reason
from rpild_server.cli import main
from rpild_server.settings import load_settings
from tests.mappings.charts import (
    LOINC,
    SNOMED,
    UCUM,
    Json,
    answers,
    bundle,
    code,
    context,
    observation,
    patient,
    resource,
)

SIGNED = 'author = "A. Curie"\ndate = 2026-11-01\nreason = "laboratory catalogue 7"\n'
LAB = "urn:oid:1.2.3.4"


def written(folder: Path, *rows: str, name: str = "site.toml") -> Path:
    path = folder / name
    path.write_text("\n".join(row + SIGNED for row in rows), encoding="utf-8")
    return path


def code_row(value: str, concept: str, system: str = LAB) -> str:
    return f'[[code]]\nsystem = "{system}"\ncode = "{value}"\nconcept = "{concept}"\n'


def unit_row(concept: str, unit: str, rest: str) -> str:
    return f'[[unit]]\nconcept = "{concept}"\nunit = "{unit}"\n{rest}\n'


def text_row(text: str, concept: str) -> str:
    return f'[[text]]\ntext = "{text}"\nconcept = "{concept}"\n'


def read(site: SiteMapping, *resources: Json, **members: Any) -> PatientFacts:
    return read_chart(answers(*resources), context(site=site, **members)).facts


@pytest.fixture
def site(tmp_path: Path) -> SiteMapping:
    return load_site_mapping(
        written(
            tmp_path,
            code_row("FERR", "ferritin"),
            code_row("MDA", "anti-mda5-qual"),
            code_row("NOSYS", "ldh", ""),
            code_row("TAC1", "tacrolimus"),
            code_row("DX7", "dermatomyositis"),
            code_row("POSX", "qual-positive"),
            code_row("HF", "hfnc"),
            text_row("S-Ferr Roche", "ferritin"),
            unit_row("ferritin", "mikrog/l", 'equals = "ug/L"'),
            unit_row("crp", "mg/100 ml", 'factor = "10"'),
        )
    )


def number(concept: Json, value: Any, unit: str, identity: str = "o1") -> Json:
    return observation(identity, concept, valueQuantity={"value": value, "unit": unit})


def test_a_local_code_is_read(site: SiteMapping) -> None:
    (found,) = read(site, number(code(LAB, "FERR"), 900, "ng/mL")).measurements
    assert (found.concept, found.value, found.code) == ("ferritin", Decimal(900), f"{LAB}|FERR")


def test_without_the_mapping_it_is_not() -> None:
    assert read_chart(answers(number(code(LAB, "FERR"), 900, "ng/mL")), context()).facts.measurements == ()


def test_a_code_without_a_system_and_a_whole_text(site: SiteMapping) -> None:
    found = read(
        site,
        number({"coding": [{"code": "NOSYS"}]}, 400, "U/L", "o1"),
        number({"text": "s-ferr  ROCHE".replace("  ", " ")}, 900, "ng/mL", "o2"),
        number({"coding": [{"system": "urn:x", "code": "1", "display": "S-Ferr Roche"}]}, 901, "ng/mL", "o3"),
        number({"text": "S-Ferr Roche ratio"}, 2, "1", "o4"),
    ).measurements
    assert [(each.concept, each.value) for each in found] == [
        ("ldh", Decimal(400)), ("ferritin", Decimal(900)), ("ferritin", Decimal(901)),
    ]  # fmt: skip


def test_local_units(site: SiteMapping) -> None:
    ferritin, crp = read(
        site,
        number(code(LOINC, "2276-4"), 900, "mikrog/l", "o1"),
        number(code(LOINC, "1988-5"), Decimal("2.5").__float__(), "mg/100 ml", "o2"),
    ).measurements
    assert (ferritin.value, ferritin.printed) == (Decimal(900), "900 mikrog/l")
    assert crp.value == Decimal("25.0")
    (foreign,) = read(site, number(code(LOINC, "2276-4"), 900, "mg/100 ml")).measurements
    assert foreign.problem is Reason.UNIT


def test_local_antibodies_answers_drugs_diagnoses_and_supports(site: SiteMapping) -> None:
    facts = read(
        site,
        observation("o1", code(LAB, "MDA"), valueCodeableConcept=code(LAB, "POSX")),
        observation("o2", code(LAB, "HF"), valueBoolean=True),
        resource("Condition", code=code(LAB, "DX7")),
        resource("MedicationRequest", status="active", medicationCodeableConcept=code(LAB, "TAC1")),
        draft_orders=bundle(resource("MedicationRequest", "d", medicationCodeableConcept=code(LAB, "TAC1"))),
    )
    assert [(each.concept, each.meaning) for each in facts.results] == [("anti-mda5-qual", Meaning.POSITIVE)]
    assert [each.concept for each in facts.supports] == ["hfnc"]
    assert [each.concepts for each in facts.diagnoses] == [{"dermatomyositis"}]
    assert [each.ingredients for each in (*facts.treatments, *facts.drafted_treatments)] == [{"tacrolimus"}] * 2


def test_a_word_stands_for_a_drug_in_longer_names(tmp_path: Path) -> None:
    rows = (text_row("Fujimycin", "tacrolimus"), text_row("Schmierung", "route-nonsystemic"))
    site = load_site_mapping(written(tmp_path, *(row + 'match = "word"\n' for row in rows)))
    names = ("Fujimycin-Hauspräp. 1 mg", "FUJIMYCIN Schmierung", "Fujimycinol", "Tacrolimus Schmierung")
    taken = [resource("MedicationRequest", f"m{n}", medicationCodeableConcept={"text": t}) for n, t in enumerate(names)]
    facts = read(site, *taken)
    assert [(set(each.ingredients), each.route) for each in facts.treatments] == [
        ({"tacrolimus"}, ""), ({"tacrolimus"}, "nonsystemic"), (set(), ""), ({"tacrolimus"}, "nonsystemic"),
    ]  # fmt: skip


def test_a_laboratory_has_its_own_word_for_weak(tmp_path: Path) -> None:
    site = load_site_mapping(written(tmp_path, code_row("P1", "qual-weak"), text_row("(+)?", "qual-indeterminate")))
    sent = [code(LAB, "P1", "+"), {"text": "(+)?"}]
    answered = [
        observation(f"o{n}", code(LOINC, "82424-3"), valueCodeableConcept=each, effectiveDateTime=f"2026-11-0{n + 1}")
        for n, each in enumerate(sent)
    ]
    facts = read(site, *answered)
    assert [each.meaning for each in facts.results] == [Meaning.WEAK, Meaning.INDETERMINATE]


def test_a_component_is_translated_too(site: SiteMapping) -> None:
    part = {"code": code(LAB, "FERR"), "valueQuantity": {"value": 900, "unit": "ng/mL"}}
    assert [
        each.concept for each in read(site, observation(concept=code(LOINC, "1-8"), component=[part])).measurements
    ] == ["ferritin"]


def test_rows_keep_who_decided_them(site: SiteMapping) -> None:
    assert {(row.author, row.date, row.reason) for row in site.rows} == {
        ("A. Curie", "2026-11-01", "laboratory catalogue 7")
    }
    assert len(site.sha256) == 64


# ------------------------------------------------------------------------------------------------ refused at the start

MISLEADING = ("ng/dl", "NG/DL", "ng / dL", "ng/100mL", "ng/(100 ml)", "ng/dL{serum}")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (code_row("2276-5", "ferritin", LOINC), "check digit is wrong"),
        (code_row("396230009", "dermatomyositis", SNOMED), "check digit is wrong"),
        (code_row("2532-0", "ferritin", LOINC), "already means ldh"),
        (code_row("86914-9", "ferritin", LOINC), "negative list"),
        (code_row("X", "feritin"), "Did you mean ferritin"),
        (code_row("X", ""), "(none) is not a data element"),
        (code_row("X", "qqqqqq"), "rpild map concepts"),
        (code_row("", "ferritin"), "code is missing"),
        (text_row(" ", "ferritin"), "text is missing"),
        (unit_row("ferritin", "x/y", ""), "either equals"),
        (unit_row("ferritin", "x/y", 'equals = "ug/L"\nfactor = "1"'), "equals and factor both stand"),
        (unit_row("ferritin", "x/y", 'factor = "-1"'), "factor -1 is not a number above 0"),
        (unit_row("ferritin", "x/y", 'factor = "abc"'), "factor abc is not a number above 0"),
        (unit_row("ferritin", "x/y", "factor = true"), "factor True is not a number above 0"),
        (unit_row("ferritin", "x/y", 'factor = "1,5"'), "with a decimal point"),
        (unit_row("ferritin", "x/y", "factor = nan"), "factor nan is not a number above 0"),
        (unit_row("crp", "MG / dl", 'factor = "100"'), "known for crp in another spelling, as 10 mg/L"),
        (unit_row("crp", "mg/(100 mL)", 'equals = "mg/L"'), "known for crp in another spelling, as 10 mg/L"),
        (unit_row("ferritin", "PMOL/L", "factor = 0.0445"), "known for ferritin in another spelling, as 0.445 ng/mL"),
        (unit_row("fio2", "%{O2}", 'factor = "1"'), "known for fio2 in another spelling, as 0.01 1"),
        (unit_row("ferritin", "ng/dL ", 'equals = "ng/mL"'), "unit begins or ends with a blank"),
        *((unit_row("ferritin", unit, 'equals = "ng/mL"'), "never accepted") for unit in MISLEADING),
        (unit_row("ferritin", "x/y", 'equals = "mg/L"'), "is not a unit of ferritin"),
        (unit_row("ferritin", "ng/mL", 'factor = "2"'), "is known for ferritin"),
        (unit_row("ferritin", "ng/dL", 'factor = "0.01"'), "never accepted"),
        (unit_row("ferritin", "", 'factor = "1"'), "never accepted"),
        (unit_row("dermatomyositis", "x", 'factor = "1"'), "has no unit"),
        (text_row("MTX", "methotrexate") + 'match = "start"\n', "match start is not known"),
        (text_row("Ferritin", "ferritin") + 'match = "word"\n', "match is for drugs and their routes only"),
        (text_row("-#-", "methotrexate") + 'match = "word"\n', "too short"),
        (code_row(" FER ", "ferritin"), "code begins or ends with a blank"),
        ('[[code]]\ncode = ["FER"]\nconcept = "ferritin"\n', "code is not a text"),
        ('[[code]]\ncode = true\nconcept = "ferritin"\n', "code is not a text"),
        ('[[code]]\nsytem = "urn:x"\n', "sytem is not a key of it. Did you mean system?"),
        ('[[code]]\ncolour = "red"\n', "colour is not a key"),
        ('[[colour]]\nname = "red"\n', "[colour] is not known"),
        ('[code]\nname = "red"\n', "[code] is not known"),
        ("code = [1]\n", "[code] is not known"),
    ],
)
def test_a_row_that_cannot_be_used(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(SiteMappingError) as problem:
        load_site_mapping(written(tmp_path, row))
    assert told in str(problem.value)
    assert str(problem.value).startswith("site.toml: ")


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text('[[code]]\nsystem = "x"\ncode = "y"\nconcept = "ferritin"\ndate = "soon"\n', encoding="utf-8")
    with pytest.raises(SiteMappingError) as problem:
        load_site_mapping(path)
    assert [line.split(": ")[2].split()[0] for line in str(problem.value).splitlines()] == ["author", "reason", "date"]


@pytest.mark.verifies("S5")
def test_two_meanings_of_one_code(tmp_path: Path) -> None:
    with pytest.raises(SiteMappingError, match=r"already given in site\.toml: \[\[code\]\] 1 as ferritin"):
        load_site_mapping(written(tmp_path, code_row("X", "ferritin"), code_row("X", "ldh")))
    assert load_site_mapping(written(tmp_path, code_row("X", "ldh"), code_row("X", "ldh"))).codes == {(LAB, "X"): "ldh"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[[code]", "(at line 1, "),
        (b"#\n# \xe9", "line 2 is not UTF-8. Save the file as UTF-8."),
        (None, "cannot be opened"),
    ],
)
def test_no_toml(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "site.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SiteMappingError) as problem:
        load_site_mapping(path)
    assert str(problem.value).startswith("site.toml: ")
    assert told in str(problem.value)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = written(tmp_path, code_row("FERR", "ferritin"))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(load_site_mapping(path).rows) == 1


def test_check_digits() -> None:
    assert loinc_holds("2276-4")
    assert not any(map(loinc_holds, ("2276-5", "2276", "x-1")))
    assert snomed_holds("396230008")
    assert not any(map(snomed_holds, ("396230009", "x", "12")))
    assert holds("RxNorm", "anything")


def test_another_spelling_of_a_known_unit(tmp_path: Path) -> None:
    rows = (
        unit_row("ferritin", "PMOL/L", 'factor = "0.4450"'),
        unit_row("crp", "Mg/Dl", 'equals = "mg/dL"'),
        unit_row("body-temp", "DEG F", 'equals = "degF"'),
    )
    site = load_site_mapping(written(tmp_path, *rows))
    sent = (number(code(LOINC, "2276-4"), 2000, "PMOL/L"), number(code(LOINC, "8310-5"), 104, "DEG F", "o2"))
    assert [each.value for each in read(site, *sent).measurements] == [Decimal(890), Decimal(40)]


# ------------------------------------------------------------------------------------------------ FHIR resources


EQUAL = {"code": "2276-4", "equivalence": "equal"}


def concept_map(*targets: Json, **members: Any) -> Json:
    group = {"source": LAB, "target": LOINC, "element": [{"code": "FERR", "target": list(targets)}, {"code": "UNUSED"}]}
    signed = {"publisher": "A. Curie", "date": "2026-11-01T08:00:00Z", "purpose": "catalogue"}
    return {"resourceType": "ConceptMap", "group": [group]} | signed | members


def value_set(*include: Json, **members: Any) -> Json:
    return {"resourceType": "ValueSet", "name": "ferritin", "compose": {"include": list(include)} | members}


def saved(folder: Path, resource: Any, name: str = "map.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(resource), encoding="utf-8")
    return path


def test_a_concept_map(tmp_path: Path) -> None:
    site = load_site_mapping(saved(tmp_path, concept_map(EQUAL, {"code": "2532-0", "equivalence": "unmatched"})))
    assert dict(site.codes) == {(LAB, "FERR"): "ferritin"}
    assert site.rows[0].date == "2026-11-01"


def test_a_value_set_imported_by_a_toml(tmp_path: Path) -> None:
    listed = {"system": LAB, "concept": [{"code": "F1"}, {"code": "F2"}]}
    saved(tmp_path, {"resourceType": "ValueSet", "name": "LocalFerritin", "compose": {"include": [listed]}})
    site = load_site_mapping(written(tmp_path, '[[import]]\nfile = "map.json"\nconcept = "ferritin"\n'))
    assert dict(site.codes) == {(LAB, "F1"): "ferritin", (LAB, "F2"): "ferritin"}


def test_an_expansion_is_imported_with_all_its_levels(tmp_path: Path) -> None:
    inner = [{"system": LAB, "code": "F2", "contains": [{"system": LAB, "code": "F3"}]}]
    group = {"system": LAB, "code": "GROUP", "abstract": True, "contains": inner}
    defined = {"include": [{"system": LAB, "filter": [{"property": "concept", "op": "is-a", "value": "GROUP"}]}]}
    expansion = {"total": 4, "contains": [{"system": LAB, "code": "F1"}, group, {"display": "others"}]}
    saved(tmp_path, {"resourceType": "ValueSet", "compose": defined, "expansion": expansion | {"total": 3}})
    site = load_site_mapping(written(tmp_path, '[[import]]\nfile = "map.json"\nconcept = "ferritin"\n'))
    assert dict(site.codes) == {(LAB, each): "ferritin" for each in ("F1", "F2", "F3")}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "map.json: cannot be opened (No such file or directory). Name an import as seen from the folder"),
        (b"{\n{", "map.json: not readable as JSON (line 2: "),
        (b'{"a": "\xe9"}', "map.json: line 1 is not UTF-8. Save the file as UTF-8."),
        (b"[" * 100_000, "map.json: not readable as JSON (nested too deep)"),
    ],
)
def test_an_import_that_cannot_be_read(tmp_path: Path, content: bytes | None, told: str) -> None:
    if content is not None:
        (tmp_path / "map.json").write_bytes(content)
    rows = ('[[import]]\nfile = "map.json"\nconcept = "ferritin"\n', code_row("X", "feritin"), "[[import]]\n")
    with pytest.raises(SiteMappingError) as problem:
        load_site_mapping(written(tmp_path, *rows))
    lines = sorted(str(problem.value).splitlines())
    assert lines[0].startswith(told)
    assert ["Did you mean" in lines[1], "file is missing" in lines[2]] == [True, True]


@pytest.mark.parametrize(
    ("resource", "told"),
    [
        (concept_map({"code": "2276-4", "equivalence": "narrower"}), "equivalence narrower cannot be used"),
        (concept_map({"code": "2276-4"}), "equivalence (none) cannot be used"),
        (concept_map({"code": "2951-2", "equivalence": "equal"}), "means nothing that is read"),
        (concept_map(EQUAL, publisher=""), "author is missing"),
        (concept_map({"equivalence": "equal"}), "not built as FHIR R4 says"),
        ({"resourceType": "Bundle"}, "a Bundle holds no mapping"),
        ([], "this holds no mapping"),
        ({"resourceType": {}}, "this holds no mapping"),
        (concept_map({"code": "2276-4", "relationship": "equivalent"}), "relationship is FHIR R5"),
        (concept_map({"equivalence": "unmatched"}), "holds no code that can be used"),
        (
            {"resourceType": "ConceptMap", "group": [{"target": LOINC, "element": [{"code": "F", "target": [EQUAL]}]}]},
            "as FHIR R4 says (source is missing)",
        ),
        ({"resourceType": "ValueSet"}, "holds no code that can be used"),
        (
            value_set({"system": LAB, "filter": [{"property": "concept", "op": "is-a", "value": "F"}]}),
            "include.filter is not worked out here",
        ),
        (value_set({"valueSet": ["urn:x"]}), "include.valueSet is not worked out here"),
        (value_set({"system": LAB}), "all codes of urn:oid:1.2.3.4 is not worked out here"),
        (value_set({"system": LAB, "concept": [{"code": "F"}]}, exclude=[{"system": LAB}]), "compose.exclude is not"),
        (
            {"resourceType": "ValueSet", "expansion": {"total": 3, "contains": [{"system": LAB, "code": "F"}]}},
            "the expansion holds 1 of 3 codes",
        ),
        ({"resourceType": "ValueSet", "compose": []}, "not built as FHIR R4 says"),
    ],
)
def test_a_resource_that_cannot_be_used(tmp_path: Path, resource: Any, told: str) -> None:
    with pytest.raises(SiteMappingError) as problem:
        load_site_mapping(saved(tmp_path, resource))
    assert told in str(problem.value)


# ------------------------------------------------------------------------------------------------ commands


def charts(folder: Path) -> Path:
    chart = bundle(
        patient(birthDate="1970-01-01"),
        resource("Condition", code=code(SNOMED, "396230008"), clinicalStatus=code("x", "active")),
        number(code(LAB, "FERR", "Ferritin, Serum"), 1900, "ng/mL", "o1"),
        number(code(LOINC, "2276-4", "Ferritin"), 1900, "mikrog/l", "o2"),
        number(code(LOINC, "2276-4", "Ferritin"), 1900, "ng/mL", "o3"),
        number(code(LAB, "NA", "Sodium"), 140, "mmol/L", "o4"),
        resource("MedicationRequest", medicationCodeableConcept={"text": "Tacrolimus 1 mg"}),
        resource("ServiceRequest", code={"text": "HRCT"}),
        resource("ImagingStudy", procedureCode=[{"text": "HRCT"}]),
        observation("o5", code("urn:rpild:attestation", "respiratory-onset"), valueDateTime="2026-11-01"),
        number({"text": "Ferritin level"}, 5, "ng/mL", "o6"),
        {"resourceType": "Observation", "id": "bad", "code": "x", "subject": {"reference": "Patient/p1"}},
    )
    (folder / "charts").mkdir()
    (folder / "charts" / "one.json").write_bytes(chart)
    return folder / "charts"


def run(*words: Any) -> Any:
    return CliRunner().invoke(main, [str(each) for each in words])


def test_scan_shows_what_is_read_and_proposes(tmp_path: Path) -> None:
    result = run("map", "scan", charts(tmp_path))
    assert result.exit_code == 0, result.output
    assert "E-FERR: read" in result.output
    assert "1  ferritin  mikrog/l  not known" in result.output
    assert 'code = "FERR"\nconcept = "ferritin"' in result.output
    assert 'text = "Ferritin level"' in result.output
    assert 'unit = "mikrog/l"\nequals = ""' in result.output
    assert "Sodium" in result.output
    assert "E-MED: read" in result.output


def test_scan_as_json_with_a_mapping(tmp_path: Path) -> None:
    mapping = written(tmp_path, code_row("FERR", "ferritin"), unit_row("ferritin", "mikrog/l", 'equals = "ug/L"'))
    result = run("map", "scan", charts(tmp_path), "--mapping", mapping, "--json")
    found = json.loads(result.output)
    assert [each["code"] for each in found["mapped"] if each["element"] == "E-FERR"] == ["2276-4", "FERR"]
    assert [each["code"] for each in found["proposals"]] == [""]
    assert all(each["known"] for each in found["units"])
    assert found["unreadable"] == 1


def test_scan_tells_answers_units_and_types_that_are_not_read(tmp_path: Path) -> None:
    mda5 = code(LAB, "MYOB-07", "Anti-MDA5-Ak")
    sent = [
        patient(),
        observation("a1", mda5, valueCodeableConcept=code(LAB, "P3", "+++ (stark)")),
        observation("a2", mda5, valueString=" see note "),
        observation("a3", mda5, valueQuantity={"value": 12, "unit": "SI"}),
        observation("a4", mda5),
        observation("a5", mda5, valueString="NEGATIVE"),
        number(code(LAB, "FERR-MOL", "Ferritin i.S. (molar)"), 1400, "pmol/L", "f1"),
        number(code(LAB, "CRP-D", "CRP"), 0.9, "mg/dL", "c1"),
        number(code(LAB, "LDH37", "LDH 37 Grad"), 512, "E/l", "l1"),
        number(code(LOINC, "8331-1", "Oral temperature"), 37, "Cel", "t1"),
        number(code(LOINC, "1-8", "Ferritin goal"), 300, "ng/mL", "g1"),
        {"resourceType": "Observation", "id": "n1", "status": "final", "valueQuantity": {"value": 1, "unit": "x"}},
        resource("Condition", code=code(SNOMED, "72892002", "Normal pregnancy")),
        resource("Claim", "x1"),
        resource("Claim", "x2"),
    ]
    (tmp_path / "x.json").write_bytes(bundle(*sent))
    output = run("map", "scan", tmp_path).output
    assert "13 resources: 1 Condition, 11 Observation, 1 Patient\n2 resources of types that no rule reads: 2 Claim" in (
        output
    )
    assert "5 of 11 entries have a code or text that a rule reads\n1 of 7 different codes and texts are read" in output
    answers = output.partition("Answers that are not read as positive or negative\n")[2].partition("\n\n")[0]
    assert [line.split("anti-mda5-qual  ")[1] for line in answers.splitlines()] == [
        "'(no value)'  unreadable", "'number in SI'  unreadable", "'see note'  unreadable",
        f"{LAB} P3  '+++ (stark)'  unreadable",
    ]  # fmt: skip
    assert "'Ferritin i.S. (molar)'  in pmol/L" in output
    rows = output.partition("# Proposed for review")[2]
    proposed = dict(re.findall(r'code = "([^"]+)"\nconcept = "([^"]*)"', rows))
    assert proposed == {
        "FERR-MOL": "ferritin-molar", "CRP-D": "crp", "LDH37": "ldh", "8331-1": "body-temp", "72892002": "pregnancy",
        "P3": "",
    }  # fmt: skip
    assert "an answer to anti-mda5-qual, sent 1 time" in rows
    assert "check that it says the same" in rows
    found = json.loads(run("map", "scan", tmp_path, "--json").output)
    assert (found["others"], len(found["answers"])) == ({"Claim": 2}, 5)
    assert {"Oral temperature": ["Cel"]}.items() <= {each["text"]: each["units"] for each in found["unmapped"]}.items()


def test_scan_proposes_no_row_for_a_unit_that_is_never_accepted(tmp_path: Path) -> None:
    sent = number(code(LOINC, "2276-4"), 12000, "ng/dl")
    (tmp_path / "x.json").write_bytes(bundle(sent))
    output = run("map", "scan", tmp_path).output
    assert "1  ferritin  ng/dl  not known: read as unknown (unit); never accepted" in output
    assert "[[unit]]" not in output


def test_a_file_that_cannot_be_read_stops_neither_scan_nor_diff(tmp_path: Path) -> None:
    folder = charts(tmp_path)
    (folder / "a.json").write_text("{", encoding="utf-8")
    result = run("map", "scan", folder)
    assert result.exit_code == 0
    assert "Left out: files that cannot be read\n  a.json: the file is not JSON" in result.output
    assert "E-FERR: read" in result.output
    assert len(json.loads(run("map", "scan", folder, "--json").output)["broken"]) == 1
    mapping = written(tmp_path, code_row("FERR", "ferritin"))
    compared = run("map", "diff", mapping, folder, "--at", "2026-11-22")
    assert "one.json p1\n" in compared.output
    assert "a.json\n  not compared: the file is not JSON" in compared.output


def test_diff_puts_side_by_side_what_goes_and_what_comes(tmp_path: Path) -> None:
    sent = [
        patient(),
        resource("MedicationRequest", medicationCodeableConcept=code(LAB, "TAC1", "Fujimycin")),
        number(code(LOINC, "2276-4"), 1400, "pmol / L"),
    ]
    (tmp_path / "x.json").write_bytes(bundle(*sent))
    rows = code_row("TAC1", "tacrolimus"), unit_row("ferritin", "pmol / L", 'factor = "0.4450"')
    lines = run("map", "diff", written(tmp_path, *rows), tmp_path / "x.json", "--at", "2026-11-22").output.splitlines()
    assert lines[1:5] == [
        "  - measurements Observation/o1 ferritin unknown (unit)",
        "  + measurements Observation/o1 ferritin 623 ng/mL",
        "  - treatments MedicationRequest/r1 not known to the tables",
        "  + treatments MedicationRequest/r1 tacrolimus",
    ]


def test_scan_lists_several_codes_of_one_element(tmp_path: Path) -> None:
    both = [number(code(LOINC, each), 900, "ng/mL", each) for each in ("2276-4", "20567-4")]
    (tmp_path / "x.json").write_bytes(bundle(*both))
    output = run("map", "scan", tmp_path).output
    assert output.count("E-FERR: read") == 1
    assert output.count("-> ferritin") == 2


def test_scan_tells_what_comes_for_each_data_element(tmp_path: Path) -> None:
    sent = [
        patient(),
        number(code(LOINC, "2276-4"), 900, "ng/mL", "f1"),
        number(code(LOINC, "8302-2", "Body Height"), 170, "cm", "h1"),
        observation(concept={"text": "Myositis antibody panel"}),
        resource("DiagnosticReport", id="r1", status="final", code={"text": "HRCT chest"}),
        resource("DiagnosticReport", id="r2", status="final", code=code(LOINC, "51990-0", "Basic Metabolic Panel")),
        resource("Procedure", id="p1", status="completed", code=code(SNOMED, "233573008", "ECMO")),
        resource("Procedure", id="p2", status="completed", code=code(SNOMED, "88039007", "Lung transplant")),
    ]
    (tmp_path / "x.json").write_bytes(bundle(*sent))
    output = run("map", "scan", tmp_path).output
    lines = dict(line.strip().split(maxsplit=1) for line in output.splitlines() if line.startswith("  E-"))
    told = {element: line.rpartition("  ")[2].strip() for element, line in lines.items()}
    assert {each for each, count in told.items() if count != "none"} == {
        "E-PAT", "E-FERR", "E-MSA", "E-CT", "E-O2", "E-PROC",
    }  # fmt: skip
    assert (told["E-PAT"], told["E-FERR"], told["E-GAS"]) == ("1", "1 in 1 way", "none")
    known = output.partition("Known to the code tables, but no rule reads it\n")[2].partition("\n\n")[0]
    assert known.split("'")[1] == "Body Height"
    assert "Basic Metabolic Panel" in output.partition("Not in the code tables")[2]
    found = json.loads(run("map", "scan", tmp_path, "--json").output)
    assert found["elements"]["E-FERR"] == {"count": 1, "ways": 1}
    assert [each["concepts"] for each in found["known"]] == [["body-height"]]


def test_the_setting_names_the_mapping(tmp_path: Path) -> None:
    good, bad = written(tmp_path, code_row("FERR", "ferritin")), written(tmp_path, code_row("X", "no"), name="bad.toml")
    assert load_settings(site_mapping=good).for_hooks().site.codes == {(LAB, "FERR"): "ferritin"}
    with pytest.raises(SiteMappingError, match=r"bad\.toml"):
        load_settings(site_mapping=bad).for_hooks()


def test_scan_of_nothing(tmp_path: Path) -> None:
    assert run("map", "scan", tmp_path).exit_code == 2
    (tmp_path / "x.json").write_text("{", encoding="utf-8")
    result = run("map", "scan", tmp_path)
    assert (result.exit_code, "x.json" in result.output) == (2, True)
    (tmp_path / "x.json").write_text('{"resourceType": "Bundle"}', encoding="utf-8")
    assert "0 resources: none" in run("map", "scan", tmp_path / "x.json").output


def test_diff_shows_readings_and_answers(tmp_path: Path) -> None:
    mapping = written(tmp_path, code_row("FERR", "ferritin"), unit_row("ferritin", "mikrog/l", 'equals = "ug/L"'))
    folder = charts(tmp_path)
    result = run("map", "diff", mapping, folder, "--at", "2026-11-22T09:30:00Z")
    assert result.exit_code == 0, result.output
    assert "one.json p1" in result.output
    assert "+ measurements Observation/o1 ferritin 1900 ng/mL" in result.output
    assert "- measurements Observation/o2 ferritin unknown (unit)" in result.output
    found = json.loads(run("map", "diff", mapping, folder, "--json").output)
    assert [each["patient"] for each in found] == ["p1"]
    same = written(tmp_path, code_row("OTHER", "ferritin"), name="other.toml")
    assert run("map", "diff", same, folder).output == "No reading and no assessment changes.\n"


def test_check_and_assess_take_a_mapping(tmp_path: Path) -> None:
    good, bad = written(tmp_path, code_row("FERR", "ferritin")), written(tmp_path, code_row("X", "no"), name="bad.toml")
    assert "ok    site mapping: site.toml: 1 row," in run("check", "--mapping", good).output
    result = run("check", "--mapping", bad)
    assert (result.exit_code, "fault site mapping: bad.toml: [[code]] 1" in result.output) == (1, True)
    chart = charts(tmp_path) / "one.json"
    assert run("assess", chart, "--mapping", good, "--at", "2026-11-22").exit_code == 0
    assert run("assess", chart, "--mapping", bad).exit_code == 2


def test_check_asks_about_rows_that_are_probably_not_meant_so(tmp_path: Path) -> None:
    rows = (code_row("FERR", "ferritin"), code_row("FERR", "ferritin"), text_row("Ferritin i.S.", "crp"),
            text_row("S-Ferritin", "ferritin-molar"), text_row("Roche 7", "ferritin"))  # fmt: skip
    path = written(tmp_path, *rows)
    path.write_text(path.read_text().replace("2026-11-01", "2999-01-01", 1), encoding="utf-8")
    result = run("check", "--mapping", path)
    asked = [line.partition("site mapping: ")[2] for line in result.output.splitlines() if line.startswith("warn")]
    assert (result.exit_code, asked) == (0, [
        "site.toml: [[code]] 1: its date 2999-01-01 lies ahead",
        "site.toml: [[code]] 2: the same as site.toml: [[code]] 1; one of the two can go",
        "site.toml: [[text]] 1: Ferritin i.S. is the name of ferritin, and the row says crp",
    ])  # fmt: skip


def test_the_names_of_concepts_are_listed() -> None:
    every = run("map", "concepts").output
    listed = {line.split()[0] for line in every.splitlines() if line.startswith("  ")}
    assert listed == CONCEPTS
    assert "  ferritin  [ng/mL]  Ferritin" in every
    assert run("map", "concepts", "Ferr").output.startswith("Observations\n  ferritin  [ng/mL]")
    assert run("map", "concepts", "zzz").output == "no name and no example holds 'zzz'\n"


def test_ucum_codes_stay_in_charge_of_the_unit(site: SiteMapping) -> None:
    sent = {"value": 900, "unit": "mikrog/l", "system": UCUM, "code": "ng/mL"}
    (found,) = read(site, observation(concept=code(LOINC, "2276-4"), valueQuantity=sent)).measurements
    assert found.value == Decimal(900)
