"""Scopes as text and as rights: a table."""

from __future__ import annotations

import pytest

from ehr_access.scopes import read_granted, read_scope

LABORATORY = "patient/Observation.rs?category=laboratory"
SYSTEM = "http://terminology.hl7.org/CodeSystem/observation-category"


@pytest.mark.verifies("APP-85")
@pytest.mark.parametrize(
    ("text", "rights"),
    [
        ("patient/Observation.cruds", "cruds"),
        ("patient/Observation.rs", "rs"),
        ("user/Observation.r", "r"),
        ("system/*.s", "s"),
        ("patient/Observation.read", "rs"),
        ("patient/Observation.write", "cud"),
        ("patient/Observation.*", "cruds"),
        ("patient/*.*", "cruds"),
        ("patient/Observation.dus", "du"[:0]),
        ("patient/Observation.sr", ""),
        ("patient/Observation.rr", ""),
        ("patient/Observation.", ""),
        ("patient/Observation", ""),
        ("patient/observation.rs", ""),
        ("group/Observation.rs", ""),
        ("patient/Observation.rs.x", ""),
        ("patient/Observation.Rs", ""),
        ("openid", ""),
        ("launch/patient", ""),
        ("", ""),
    ],
)
def test_rights_of_a_scope(text: str, rights: str) -> None:
    found = read_scope(text)
    assert (found.rights if found else frozenset()) == frozenset(rights)


@pytest.mark.verifies("APP-86")
@pytest.mark.parametrize(
    ("granted", "asked", "covered"),
    [
        ("patient/Observation.rs", {}, True),
        ("patient/Observation.rs", {"category": "laboratory"}, True),
        (LABORATORY, {"category": "laboratory"}, True),
        (LABORATORY, {"category": "laboratory", "code": "x"}, True),
        (LABORATORY, {"category": f"{SYSTEM}|laboratory"}, True),
        (f"patient/Observation.rs?category={SYSTEM}|laboratory", {"category": "laboratory"}, True),
        (f"patient/Observation.rs?category={SYSTEM}|laboratory", {"category": "urn:other|laboratory"}, False),
        (LABORATORY, {}, False),
        (LABORATORY, {"category": "vital-signs"}, False),
        (LABORATORY, {"category": "laboratory,vital-signs"}, False),
        ("patient/Observation.rs?category=laboratory,vital-signs", {"category": "laboratory"}, True),
        ("patient/Observation.rs?category=laboratory&status=final", {"category": "laboratory"}, False),
        (f"{LABORATORY} patient/Observation.rs?category=vital-signs", {"category": "laboratory"}, True),
        (f"{LABORATORY} patient/Observation.rs?category=vital-signs", {}, False),
        ("patient/Observation.r patient/Observation.s", {}, True),
        ("patient/Observation.r", {}, False),
        ("system/Observation.rs", {}, False),
        ("user/Observation.rs", {}, True),
        ("patient/Condition.rs", {}, False),
    ],
)
def test_what_a_grant_covers(granted: str, asked: dict[str, str], covered: bool) -> None:
    assert read_granted(granted).allows("Observation", "rs", asked) is covered


@pytest.mark.verifies("APP-87")
@pytest.mark.parametrize("text", ["category:in=http://x", "subject.name=x", "_filter=a eq b", "_has:x=y", "&"])
def test_constraints_that_we_cannot_compare_cover_nothing(text: str) -> None:
    found = read_scope(f"patient/Observation.rs?{text}")
    assert found
    assert not found.supported
    granted = read_granted(f"patient/Observation.rs?{text.replace(' ', '+')}")
    assert not granted.allows("Observation", "s", {"category": "laboratory"})


@pytest.mark.verifies("APP-85")
def test_words_that_are_no_rights_are_kept_as_words() -> None:
    granted = read_granted("openid  fhirUser launch/patient online_access patient/Observation.rs")
    assert {"openid", "launch/patient", "online_access"} <= granted.texts
    assert len(granted.scopes) == 1
