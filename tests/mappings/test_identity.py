"""Who a patient is, as the banner says it: preferred names, record numbers, and nothing that turns or hides text."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fhir_mappings.identity import Identity, read_identity


def read(**fields: Any) -> Identity:
    return read_identity(msgspec.json.encode({"resourceType": "Patient", "id": "p1"} | fields))


@pytest.mark.parametrize("raw", [b"", b"[]", b"5", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_patient_has_no_identity(raw: bytes) -> None:
    assert read_identity(raw) == Identity()


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([{"text": "Ada Lovelace"}], "Ada Lovelace"),
        ([{"given": ["Ada", "M"], "family": "Lovelace"}], "Ada M Lovelace"),
        ([{"family": "Lovelace"}], "Lovelace"),
        ([{"given": ["Ada", 5, None]}], "Ada"),
        ([{"use": "old", "text": "Old"}, {"use": "official", "text": "Official"}], "Official"),
        ([{"use": "old", "text": "Old"}, {"use": "usual", "text": "Usual"}], "Usual"),
        ([{"use": "official"}, {"use": "usual", "text": "Usual"}], "Usual"),
        ([{"use": ["x"], "text": "Ada"}], "Ada"),
        ([{"given": "Ada"}], ""),
        (["Ada", None], ""),
        ({"text": "Ada"}, ""),
        ([{"text": "Ada\u202e\x00\nL"}], "AdaL"),
        ([{"text": "x" * 500}], "x" * 200),
        ([{"text": 5}], ""),
        (None, ""),
    ],
)
def test_the_name(names: Any, shown: str) -> None:
    assert read(name=names).name == shown


@pytest.mark.parametrize(
    ("identifiers", "shown"),
    [
        ([{"value": "1"}, {"value": "2", "type": {"coding": [{"code": "MR"}]}}], "2"),
        ([{"value": "1", "type": {"coding": [{"code": "SS"}]}}, {"value": "2"}], "1"),
        ([{"value": "1", "type": "MR"}], "1"),
        ([{"value": ""}, {"value": 7}, {"system": "x"}], ""),
        ("x", ""),
    ],
)
def test_the_identifier(identifiers: Any, shown: str) -> None:
    assert read(identifier=identifiers).identifier == shown


def test_the_rest_as_it_stands_and_nothing_in_the_representation() -> None:
    found = read(birthDate="1970-01", gender="female", name=[{"text": "Ada"}], identifier=[{"value": "4711"}])
    assert (found.birth_date, found.sex) == ("1970-01", "female")
    assert not [each for each in ("Ada", "4711", "1970") if each in repr(found)]
