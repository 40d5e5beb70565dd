"""The demo EHR signs its calls with its own key, and the plug-in accepts them where nothing unsigned is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from ehr_sandbox.app import create_sandbox
from ehr_sandbox.cds_client import CdsClient, ServiceError
from ehr_sandbox.signing import KEYS_PATH, Signer
from rpild_server.app import create_app
from rpild_server.demo import Addresses, demo_settings
from rpild_server.loopback import serving
from rpild_server.storing import temporary_store
from tests.conftest import free_port_pair


@pytest.fixture(scope="module")
def strict() -> Iterator[Addresses]:
    """The two sites of the demo, but with a plug-in that accepts signed calls only."""
    addresses = Addresses(free_port_pair())
    sandbox = create_sandbox(cds_url=addresses.plug_in, base_url=addresses.ehr)
    with temporary_store() as store:
        plug_in = create_app(demo_settings(addresses, ()), store=store)
        with serving(plug_in, addresses.port), serving(sandbox, addresses.port + 1):
            yield addresses


def test_the_public_key_is_there_to_read_and_the_private_one_is_not(strict: Addresses) -> None:
    (key,) = requests.get(strict.ehr + KEYS_PATH, timeout=5).json()["keys"]
    assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-384", "sig", "ES384")
    assert "d" not in key


def test_the_chart_page_shows_cards_from_signed_calls(strict: Addresses) -> None:
    page = requests.get(f"{strict.ehr}/patients/classic?hook=patient-view", timeout=20)
    assert page.status_code == 200
    assert "The service answered 401" not in page.text
    assert "RP-ILD criteria met" in page.text


@pytest.mark.parametrize("signer", [None, Signer("http://localhost:1")], ids=["unsigned", "another EHR"])
def test_nobody_else_is_served(strict: Addresses, signer: Signer | None) -> None:
    client = CdsClient(strict.plug_in, signer)
    with pytest.raises(ServiceError, match="the service answered 401"):
        client.send_feedback("rpild-patient-view", {})


def test_each_token_names_the_address_called_and_is_new() -> None:
    signer = Signer("http://localhost:8091")
    keys = KeySet.import_key_set(signer.keys())
    texts = [signer.header("http://127.0.0.1:8090/cds-services")["Authorization"].split()[1] for _ in range(2)]
    one, two = (jwt.decode(text, keys, algorithms=["ES384"]) for text in texts)
    assert one.claims["aud"] == "http://127.0.0.1:8090/cds-services"
    assert one.claims["exp"] - one.claims["iat"] == 300
    assert one.claims["jti"] != two.claims["jti"]
    assert one.header["jku"] == "http://localhost:8091" + KEYS_PATH
