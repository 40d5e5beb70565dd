"""What an EHR's record changes: how searches name the patient, which templates it is offered, settings of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from ehr_access.registry import TrustedEhr
from rpild_server.ehr_settings import EhrSettings
from rpild_server.settings import SettingsError, load_settings
from rpild_server.storing import temporary_store
from tests.service.calls import fresh, hook_body
from tests.service.conftest import serving, test_settings
from tests.service.hostile_server import Behaviour
from tests.service.tokens import BASE, ISS, VIEW, bearer, claims, key, token, write_jwks


@pytest.mark.parametrize(
    ("record", "form"),
    [
        ({}, "Patient/p1"),
        ({"vendor": "epic"}, "p1"),
        ({"vendor": "oracle"}, "p1"),
        ({"vendor": "epic", "patient_form": "reference"}, "Patient/p1"),
        ({"patient_form": "id"}, "p1"),
    ],
)
def test_searches_name_the_patient_as_the_ehr_takes_it(
    tmp_path: Path, fhir: Behaviour, record: dict[str, Any], form: str
) -> None:
    keys = write_jwks(tmp_path / "keys.json", key())
    ehr = {"name": "main", "iss": ISS, "jwks_file": keys, "fhir_bases": (fhir.base,)} | record
    with temporary_store() as store:
        settings = test_settings(fhir, public_base_url=BASE, ehrs=(ehr,))
        with serving(settings, fhir, unsigned="", store=store) as site:
            body = hook_body(hookInstance=fresh(), **site.grant())
            assert site.post(body, headers=bearer(token())).status_code == 412
    searched = [parse_qs(urlsplit(path).query) for path in fhir.paths() if "?" in path]
    assert searched
    assert {each["patient"][0] for each in searched} == {form}


def test_an_ehr_that_fills_dates_is_offered_them(tmp_path: Path, quiet_fhir: Behaviour) -> None:
    keys = write_jwks(tmp_path / "keys.json", key())
    ehr = {"name": "main", "iss": ISS, "jwks_file": keys, "dates_in_prefetch": True}
    with temporary_store() as store:
        settings = test_settings(quiet_fhir, public_base_url=BASE, ehrs=(ehr,))
        with serving(settings, quiet_fhir, unsigned="", store=store) as site:
            known = requests.get(
                f"{site.url}/cds-services", headers=bearer(token(claims("/cds-services"))), timeout=20
            ).text
            anybody = requests.get(f"{site.url}/cds-services", timeout=20).text
    assert "today() - " in known
    assert "today() - " not in anybody


def test_names_and_issuers_are_unique() -> None:
    one = {"name": "a", "iss": ISS, "jwks_url": "https://e.example/keys"}
    with pytest.raises(SettingsError, match="same iss and tenant"):
        load_settings(ehrs=(one, one | {"name": "b"}))
    assert len(load_settings(ehrs=(one, one | {"name": "b", "tenant": "t"})).ehrs) == 2


def test_keys_come_from_one_place() -> None:
    both = {"name": "a", "iss": ISS, "jwks_url": "https://e.example/keys", "jwks_file": "keys.json"}
    with pytest.raises(SettingsError, match="either jwks_file or jwks_url"):
        load_settings(ehrs=(both,))


def test_the_address_of_the_keys_is_the_jku_unless_another_is_named() -> None:
    record = {"name": "a", "iss": ISS, "jwks_url": "https://e.example/keys"}
    assert EhrSettings(**record).trusted().jku == "https://e.example/keys"
    assert EhrSettings(**record, jku="https://e.example/other").trusted().jku == "https://e.example/other"


@pytest.mark.parametrize(
    ("server", "trusted"),
    [
        ("https://ehr.example/fhir", True),
        ("https://ehr.example/fhir/", True),
        ("https://ehr.example/fhir//", False),
        ("https://ehr.example/FHIR", False),
        ("https://ehr.example:443/fhir", False),
        ("https://user@ehr.example/fhir", False),
        ("https://ehr.example/fhir/../fhir", False),
        ("", False),
    ],
)
def test_a_fhir_base_is_compared_letter_by_letter(server: str, trusted: bool) -> None:
    assert TrustedEhr("a", ("https://ehr.example/fhir/",)).trusts(server) is trusted


def test_the_audience_of_the_address_is_built_from_the_configuration(tmp_path: Path, quiet_fhir: Behaviour) -> None:
    keys = write_jwks(tmp_path / "keys.json", key())
    ehr = {"name": "main", "iss": ISS, "jwks_file": keys}
    with temporary_store() as store:
        settings = test_settings(quiet_fhir, public_base_url=f"{BASE}/below/", ehrs=(ehr,))
        with serving(settings, quiet_fhir, unsigned="", store=store) as site:
            body = hook_body(hookInstance=fresh())
            good = bearer(token(claims(aud=f"{BASE}/below{VIEW}")))
            statuses = [site.post(body, headers=each).status_code for each in (good, bearer(token()))]
    assert statuses == [412, 401]
