"""Filling a CDS service's prefetch templates from the record, as an EHR does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from ehr_sandbox.bundles import searchset
from ehr_sandbox.fhir_json import Json
from ehr_sandbox.records import Records
from ehr_sandbox.search import SearchError, offered, search

TOKEN = re.compile(r"\{\{(.*?)\}\}")
TODAY = re.compile(r"today\(\)(?:\s*(?P<sign>[+-])\s*(?P<days>\d+)\s*days?)?")
USER_TOKENS = {"Practitioner": "userPractitionerId", "PractitionerRole": "userPractitionerRoleId"}


class TokenError(LookupError):
    """A template names something that this EHR does not know in this call."""


def token_values(context: Json) -> dict[str, str]:
    """What the tokens of a template stand for: the plain context fields, and the user's id by type."""
    values = {f"context.{name}": value for name, value in context.items() if isinstance(value, str)}
    kind, _, identity = str(context["userId"]).partition("/")
    return values | ({USER_TOKENS[kind]: identity} if kind in USER_TOKENS else {})


def expand(template: str, values: Mapping[str, str], now: datetime) -> str:
    """A template with its tokens replaced. Raises TokenError."""

    def replace(match: re.Match[str]) -> str:
        name = match[1].strip()
        day = TODAY.fullmatch(name)
        if day:
            return _day(day, now)
        if name not in values:
            raise TokenError(name)
        return values[name]

    return TOKEN.sub(replace, template)


def _day(match: re.Match[str], now: datetime) -> str:
    days = int(match["days"] or 0) * (-1 if match["sign"] == "-" else 1)
    return (now + timedelta(days=days)).date().isoformat()


def fill(templates: Mapping[str, str], context: Json, records: Records, base: str) -> Json:
    """Key to resource or search Bundle; a template that this EHR cannot fill leaves its key out."""
    values, filled = token_values(context), {}
    for key, template in templates.items():
        try:
            filled[key] = _run(expand(template, values, records.now()), records, base)
        except (TokenError, SearchError):
            continue
    return {key: found for key, found in filled.items() if found is not None}


def _run(address: str, records: Records, base: str) -> Json | None:
    parts = urlsplit(address)
    kind, _, identity = parts.path.strip("/").partition("/")
    if kind not in offered():
        return None
    if identity:
        return records.read(kind, identity)
    query = parse_qsl(parts.query, keep_blank_values=True)
    return searchset(search(records.of_type(kind), kind, query), kind, query, base)
