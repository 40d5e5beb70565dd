"""A service for the conformance tests: one registered EHR whose calls are signed, one that is a kit, one web client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rpild_server.storing import temporary_store
from tests.conformance.caller import SITES, Caller
from tests.service.conftest import serving, test_settings
from tests.service.hostile_server import hostile_server
from tests.service.tokens import BASE, key, write_jwks


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """Signed calls of any of the three EHRs."""
    folder = tmp_path_factory.mktemp("keys")
    with hostile_server() as fhir, temporary_store() as store:
        ehrs = tuple(
            {
                "name": name,
                "iss": site.iss,
                "jku": site.jku,
                "jwks_file": write_jwks(folder / f"{name}.json", key(name, site.kind)),
                "fhir_bases": (fhir.base,),
                "origins": site.origins,
            }
            for name, site in SITES.items()
        )
        settings = test_settings(fhir, public_base_url=BASE, accept_test_issuers=True, ehrs=ehrs)
        with serving(settings, fhir, unsigned="", store=store) as running:
            yield Caller(running)
