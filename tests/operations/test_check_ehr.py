"""`rpild check-ehr` against EHRs with habits of their own: each is told, with a remedy, and nothing of a patient is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fhir_mappings.queries import QUERIES
from rpild_server.check_ehr.findings import Finding
from rpild_server.check_ehr.search_advice import judge_searches
from rpild_server.check_ehr.searching import Searched
from rpild_server.cli import main
from tests.operations.peculiar_ehr import NAME, PATIENT, VALUE, PeculiarEhr, observation, peculiar_ehr, whole_statement

Json = dict[str, Any]
LOINC = "http://loinc.org"
SMART = {
    "issuer": "https://ehr.example", "jwks_uri": "https://ehr.example/keys",
    "authorization_endpoint": "https://login.example/authorize", "token_endpoint": "https://login.example/token",
    "code_challenge_methods_supported": ["S256"],
    "capabilities": ["launch-ehr", "sso-openid-connect", "context-ehr-patient", "permission-v1"],
    "token_endpoint_auth_methods_supported": ["private_key_jwt", "tls_client_auth"],
    "token_endpoint_auth_signing_alg_values_supported": ["RS384"],
    "scopes_supported": ["patient/*.read", "patient/Observation.write"],
    "authorization_response_iss_parameter_supported": True,
}  # fmt: skip


@pytest.fixture
def ehr() -> Iterator[PeculiarEhr]:
    with peculiar_ehr() as running:
        yield running


def run(ehr: PeculiarEhr, *options: str) -> Result:
    return CliRunner().invoke(main, ["check-ehr", "--fhir", ehr.base, "--patients", "1", *options])


def told(ehr: PeculiarEhr, *options: str) -> Json:
    found: Json = json.loads(run(ehr, "--json", *options).stdout)
    return found


def level_of(found: Json, words: str) -> str:
    """The level of the one finding that holds these words."""
    (level,) = [each["level"] for each in found["findings"] if words in each["text"]]
    return str(level)


def finding(found: Json, words: str) -> Json:
    (each,) = [each for each in found["findings"] if words in each["text"]]
    return dict(each)


def test_nothing_of_a_patient_is_told_and_nothing_is_written(ehr: PeculiarEhr, tmp_path: Path) -> None:
    ehr.resources["Observation"] = [observation("Ferritin", "mikrog/l"), observation("S-Ferritin", "ng/mL")]
    ehr.unknown = {"_sort"}
    html = tmp_path / "report.html"
    text, data = run(ehr, "--html", str(html)), run(ehr, "--json")
    for each in (text.output, data.output, html.read_text()):
        assert "ferritin" in each
        assert not [secret for secret in (PATIENT, NAME, str(VALUE)) if secret in each]
    assert ehr.methods == {"GET"}


def test_every_search_is_asked_and_counted(ehr: PeculiarEhr) -> None:
    found = told(ehr)
    assert [each["key"] for each in found["searches"]] == list(QUERIES)
    assert {each["accepted"] for each in found["searches"]} == {1}
    assert found["status"] == 0
    assert level_of(found, "of 24 templates are answered") == "ok"


def test_a_patient_without_type_is_found_out(ehr: PeculiarEhr) -> None:
    ehr.plain_patient = True
    found = told(ehr)
    assert finding(found, "patient=ID is taken")["setting"] == 'patient_form = "id"'
    assert 'patient_form = "id"' in found["record"]
    assert {each["accepted"] for each in found["searches"]} == {1}
    refused = [each for each in ehr.asked if "patient=Patient%2F" in each]
    assert len(refused) == 1, "once it is known, the other spelling is not tried again"


@pytest.mark.parametrize(
    ("parameter", "key", "level"), [("_sort", "laboratory", "warn"), ("_count", "conditions", "fault")]
)
def test_a_parameter_that_is_not_taken_is_named(ehr: PeculiarEhr, parameter: str, key: str, level: str) -> None:
    ehr.unknown = {parameter}
    found = told(ehr, "--patient", PATIENT)
    one = finding(found, f"{key}: {QUERIES[key].kind} is not searched with {parameter}")
    assert one["level"] == level
    assert "prefetch" in one["remedy"]


def test_what_was_refused_once_is_not_tried_in_every_way_again(ehr: PeculiarEhr) -> None:
    ehr.unknown = {"code"}
    found = told(ehr, "--patient", "a", "--patient", "b")
    coded = sum("code" in dict(query.parameters) for query in QUERIES.values())
    asked = {name: sum(f"2F{name}&" in each or f"2F{name}?" in each for each in ehr.asked) for name in ("a", "b")}
    assert asked["b"] < asked["a"]
    assert sum("is not searched with code" in each["text"] for each in found["findings"]) == coded


def test_resources_that_cannot_be_read_are_counted(ehr: PeculiarEhr) -> None:
    ehr.resources["Observation"] = [{"resourceType": "Observation", "id": 5}, {"resourceType": "Observation"}]
    assert level_of(told(ehr), "resources cannot be read") == "warn"


def test_what_is_forbidden_or_not_there_stays_unknown(ehr: PeculiarEhr) -> None:
    ehr.forbidden, ehr.missing = {"Condition"}, {"Flag"}
    found = told(ehr)
    assert found["status"] == 1
    assert finding(found, "conditions: Condition is refused (status 403, forbidden)")["level"] == "fault"
    assert finding(found, "flags: Flag is refused (status 404, not-found)")["level"] == "warn"
    assert finding(found, "not answered: conditions, flags")["level"] == "warn"


def test_filters_and_order_that_are_not_heeded_are_told(ehr: PeculiarEhr) -> None:
    old = observation("Sodium", "mmol/L", effectiveDateTime="2020-01-01", component=[{"code": None}])
    ehr.resources["Observation"] = [old, observation("Ferritin", "ng/mL")]
    found = told(ehr)
    assert level_of(found, "gases: the list of codes is not heeded") == "warn"
    assert level_of(found, "laboratory: _sort=-date is not heeded") == "warn"


@pytest.mark.parametrize("following", ["http://elsewhere.example/fhir/Condition?page=2", "Condition?_getpages=1"])
def test_pages_that_lead_elsewhere_or_never_end_are_a_fault(ehr: PeculiarEhr, following: str) -> None:
    ehr.following["Condition"] = following
    assert level_of(told(ehr), "pages cannot be followed to the end: conditions") == "fault"
    assert len([each for each in ehr.asked if "_getpages" in each]) < 30


def test_unknown_codes_and_units_become_rows_to_paste(ehr: PeculiarEhr) -> None:
    local = {"coding": [{"system": "urn:oid:1.2.3", "code": "FERR"}], "text": "Ferritin [Mass/volume] in Serum"}
    known = {"coding": [{"system": LOINC, "code": "2276-4"}]}
    ehr.resources["Observation"] = [
        observation("a", "ng/mL", code=local), observation("b", "mikrog/l", code=known), observation("c", code=known),
        observation("d", "ng/dL", code=known),
    ]  # fmt: skip
    found = told(ehr)
    assert '[[code]]  # sent 1 time as "Ferritin [Mass/volume] in Serum"\nsystem = "urn:oid:1.2.3"' in found["mapping"]
    assert '[[unit]]\nunit = "mikrog/l"\nequals = ""\nconcept = "ferritin"' in found["mapping"]
    assert level_of(found, "ferritin: 1 of 3 values sent without a unit; what is sent so stays unknown") == "warn"
    refused = next(each for each in found["findings"] if "in 'ng/dL', a unit not known here" in each["text"])
    assert ("never accepted" in refused["remedy"], refused["mapping"]) == (True, "")
    (row,) = [each for each in found["elements"] if each["name"] == "E-FERR"]
    assert (row["patients"], row["entries"]) == (1, 3)


def test_a_mapping_in_force_counts(ehr: PeculiarEhr, tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    signed = 'author = "A"\ndate = "2026-11-01"\nreason = "catalogue"\n'
    file.write_text(f'[[text]]\ntext = "Depot iron"\nconcept = "ferritin"\n{signed}')
    ehr.resources["Observation"] = [observation("Depot iron", "ng/mL")]
    entries = {each["name"]: each["entries"] for each in told(ehr, "--mapping", str(file))["elements"]}
    assert entries["E-FERR"] == 1
    file.write_text("[[colour]]\n")
    assert run(ehr, "--mapping", str(file)).exit_code == 2


def test_old_and_undated_results_are_told(ehr: PeculiarEhr) -> None:
    ferritin = {"coding": [{"system": LOINC, "code": "2276-4"}]}
    crp = {"coding": [{"system": LOINC, "code": "1988-5"}]}
    ehr.resources["Observation"] = [
        observation("a", "ng/mL", code=ferritin, effectiveDateTime="2001-01-01"),
        observation("b", "mg/L", code=crp, effectiveDateTime=None),
        observation("b", "mg/L", code=crp, effectiveDateTime=None),
        observation("c", "mg/L", code=crp, effectiveDateTime="2999-01-01"),
    ]
    ehr.resources["Procedure"] = [{"resourceType": "Procedure", "id": "1", "performedPeriod": {"start": "2026-11-01"}}]
    found = told(ehr)
    assert level_of(found, "E-FERR (ferritin): the newest is") == "warn"
    assert level_of(found, "inflammation markers): 1 entry dated after today") == "warn"
    assert finding(found, "without a readable date")["text"].endswith(": 1 without a readable date"), "counted once"


@pytest.mark.parametrize(("forbidden", "level"), [(set(), "ok"), ({"Medication"}, "warn")])
def test_drugs_by_reference_are_tried(ehr: PeculiarEhr, forbidden: set[str], level: str) -> None:
    ehr.forbidden = forbidden
    order = {"resourceType": "MedicationRequest", "id": "m1", "medicationReference": {"reference": "Medication/9"}}
    ehr.resources["MedicationRequest"] = [{**order, "authoredOn": "2026-11-20"}, {**order, "id": "m2"}]
    assert level_of(told(ehr), "2 drugs by reference") == level


def test_a_configuration_gives_the_settings(ehr: PeculiarEhr) -> None:
    ehr.configuration = SMART
    record = told(ehr)["record"]
    for line in (
        'endpoint_hosts = ["ehr.example","login.example"]', "refuse_without_s256 = true", "scope_version = 1",
        'client_auth = "private_key_jwt"', 'client_algorithm = "RS384"', f'fhir_bases = ["{ehr.base}"]',
    ):  # fmt: skip
        assert line in record.splitlines()


@pytest.mark.parametrize(
    ("changed", "words", "level"),
    [
        ({"token_endpoint": None}, "token_endpoint missing", "fault"),
        ({"authorization_endpoint": "http://[broken"}, "its endpoints lie on ehr.example, login.example", "warn"),
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE with S256 is not announced", "warn"),
        ({"capabilities": ["permission-v2"]}, "launch-ehr is not announced", "warn"),
        ({"token_endpoint_auth_methods_supported": ["tls_client_auth"]}, "none is known here", "fault"),
        ({"token_endpoint_auth_signing_alg_values_supported": ["RS256"]}, "signed with RS256 only", "fault"),
        ({"scopes_supported": ["openid"]}, "no scope to read Patient", "warn"),
        ({"scopes_supported": ["patient/*.rs"]}, "no scope to write Observations", "warn"),
        ({"scopes_supported": None}, "does not list its scopes", "ok"),
        ({"jwks_uri": None}, "jwks_uri missing", "warn"),
    ],
)
def test_what_a_configuration_lacks_is_told(ehr: PeculiarEhr, changed: Json, words: str, level: str) -> None:
    ehr.configuration = SMART | changed
    assert level_of(told(ehr), words) == level


def test_without_a_configuration_the_statement_may_do(ehr: PeculiarEhr) -> None:
    statement = whole_statement("read")
    rows = [{"url": name, "valueUri": f"{ehr.base}/{name}"} for name in ("authorize", "token")]
    outer = {"url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris", "extension": rows}
    statement["rest"][0]["security"] = {"extension": [outer]}
    ehr.statement = statement
    assert "capability_fallback = true" in told(ehr)["record"]


def test_a_statement_of_another_version_or_without_types_is_told(ehr: PeculiarEhr) -> None:
    ehr.statement = whole_statement("create", "update", conditionalCreate=True)
    ehr.statement |= {"fhirVersion": "3.0.2", "software": None}
    rows = ehr.statement["rest"][0]["resource"]
    ehr.statement["rest"][0]["resource"] = [each for each in rows if each["type"] not in ("Consent", "Medication")]
    del ehr.statement["rest"][0]["resource"][1]["searchParam"]
    found = told(ehr)
    assert level_of(found, "a server without a name, FHIR 3.0.2") == "fault"
    assert finding(found, "Consent is not offered")["remedy"].startswith("What it carries (E-FLAG) stays unknown")
    assert level_of(found, "are not listed") == "warn"
    assert level_of(found, "Observations can be created (conditionally) and updated") == "ok"


def test_writing_without_condition_is_warned_of(ehr: PeculiarEhr) -> None:
    ehr.statement = whole_statement("create", "update")
    assert level_of(told(ehr), "conditional create is not declared") == "warn"


def test_no_statement_is_a_fault(ehr: PeculiarEhr) -> None:
    ehr.statement = None
    assert level_of(told(ehr), "not readable (status 200)") == "fault"


def test_named_patients_are_read_without_a_search_for_all(ehr: PeculiarEhr) -> None:
    ehr.forbidden = {"Patient"}
    refused = run(ehr)
    assert refused.exit_code == 1
    assert "--patient ID (repeatable)" in " ".join(refused.output.split())
    ehr.forbidden = set()
    ehr.asked.clear()
    assert told(ehr, "--patient", "a", "--patient", "b")["patients"] == 2
    assert not [each for each in ehr.asked if each.startswith("/fhir/Patient?")]


def test_an_address_where_nobody_is() -> None:
    found = CliRunner().invoke(main, ["check-ehr", "--fhir", "http://127.0.0.1:9/fhir"])
    assert found.exit_code == 1
    assert "cannot be reached" in found.output


@pytest.mark.parametrize(
    "options",
    [
        ("--fhir", "ftp://ehr.example"),
        ("--fhir", "http://127.0.0.1:9", "--client", "x"),
        ("--fhir", "http://127.0.0.1:9", "--iss", "nowhere"),
    ],
)
def test_wrong_use_ends_with_2(options: tuple[str, ...]) -> None:
    assert CliRunner().invoke(main, ["check-ehr", *options]).exit_code == 2


def test_a_slow_search_is_told() -> None:
    slow = Searched("laboratory", 1, 200, "status 200", 9.0, bodies=(b'{"resourceType":"Bundle"}',))
    (found,) = [each for each in judge_searches([slow]) if each.part == "speed" and each.level != "ok"]
    assert found == Finding("warn", "speed", found.text, found.remedy)
    assert "laboratory: 9.0 s" in found.text
    assert "read_seconds" in found.remedy
