"""This program as its own client over HTTP: for the canary, the doctor and the demo's self-test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

JSON = "application/json"


def post(address: str, body: bytes, headers: Mapping[str, str], seconds: float) -> tuple[int, dict[str, Any]]:
    """Status and JSON object of an answer; status 0 where none came, an empty object where it is none."""
    try:
        answer = requests.post(
            address, data=body, headers={"Content-Type": JSON, **headers}, timeout=seconds, allow_redirects=False
        )
        content = answer.json()
    except (requests.RequestException, ValueError):
        return 0, {}
    return answer.status_code, content if isinstance(content, dict) else {}
