"""This program as its own client over HTTP: for the canary, the doctor and the demo's self-test."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import requests

JSON = "application/json"
SECONDS = 5.0
MOST_STEPS = 8
DAY = 86400


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer: status (0 where none came, then `fault` says why), the server's Date, the text."""

    status: int
    date: str = ""
    fault: str = ""
    text: str = field(default="", repr=False)


def look(address: str, seconds: float = SECONDS) -> Seen:
    """What a GET of an address brings; redirects are not followed."""
    try:
        answer = requests.get(
            address, timeout=seconds, allow_redirects=False, headers={"Accept": "application/json, */*"}
        )
    except requests.RequestException as problem:
        return Seen(0, fault=type(problem).__name__)
    return Seen(answer.status_code, answer.headers.get("Date", ""), text=answer.text)


def visit(address: str, home: str, seconds: float = SECONDS) -> Seen:
    """What a GET brings at the end of its redirects; cookies are kept for the site `home` alone.

    Browsers take loopback for secure, `requests` does not: so Secure cookies are handed on here.
    """
    cookies: dict[str, str] = {}
    for _ in range(MOST_STEPS):
        own = address.startswith(f"{home}/")
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if own and cookies else {}
        try:
            answer = requests.get(address, headers=sent, timeout=seconds, allow_redirects=False)
        except requests.RequestException as problem:
            return Seen(0, fault=type(problem).__name__)
        if own:
            cookies |= {each.name: each.value or "" for each in answer.cookies}
        if not answer.is_redirect:
            return Seen(answer.status_code, answer.headers.get("Date", ""), text=answer.text)
        address = urljoin(address, answer.headers["Location"])
    return Seen(0, fault="TooManyRedirects")


def certificate_days(host: str, port: int, seconds: float = SECONDS) -> int | None:
    """How many days the certificate there still holds, for who trusts its issuer; None where it cannot be had."""
    try:
        line = socket.create_connection((host, port), timeout=seconds)
        with line, ssl.create_default_context().wrap_socket(line, server_hostname=host) as safe:
            until = (safe.getpeercert() or {}).get("notAfter")
    except (OSError, ValueError):
        return None
    return int((ssl.cert_time_to_seconds(str(until)) - time.time()) // DAY) if until else None


def post(address: str, body: bytes, headers: Mapping[str, str], seconds: float) -> tuple[int, dict[str, Any]]:
    """Status and JSON object of an answer; status 0 where none came, an empty object where it is none."""
    try:
        answer = requests.post(
            address, data=body, headers={"Content-Type": JSON, **headers}, timeout=seconds, allow_redirects=False
        )
    except requests.RequestException:
        return 0, {}
    try:
        content = answer.json()
    except ValueError:  # a 401 has no body
        content = {}
    return answer.status_code, content if isinstance(content, dict) else {}
