"""`rpild register-sheet`: what an EHR's administrators type in to register us, from settings and code tables."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cds_hooks.cards import OVERRIDE_SYSTEM, SUMMARY_LIMIT, TOPIC_SYSTEM
from cds_hooks.discovery import Service, services
from ehr_access.discovery import Metadata
from ehr_access.registry import HOOKS, VENDORS
from ehr_access.scopes import read_scope
from ehr_access.smart_client import SmartClient
from fhir_mappings.drafts import WORK_UP, label, row_of
from fhir_mappings.queries import ELEMENTS, QUERIES, REQUIRED_KEYS, scopes, templates
from rpild_rules.texts import Texts, Topic
from rpild_server.ehr_settings import EhrSettings
from rpild_server.example_hosts import marked
from rpild_server.settings import Settings
from rpild_server.version import APP_VERSION
from smart_app.begin import asked_scope

TEMPLATES = Path(__file__).with_name("templates")
NO_ADDRESS = "https://PUBLIC-BASE-URL"
NO_NAME = "NAME"
EMPTY_LINES = re.compile(r"\n{3,}")
WORDS = {
    "openid": "who the user is: statements and notes bear a name",
    "fhirUser": "the user's own record, whose reference a statement names as its author",
    "launch": "whose chart is open",
    "launch/patient": "asks which patient, where the page is opened without a chart",
    "online_access": "the page stays usable while the user is signed in",
    "offline_access": "the page stays usable beyond the first token",
}
DRUGS = "drugs that an order only refers to"
STATEMENTS = (
    "statements of clinicians (attestations) kept in the chart, each after a clinician has signed it on the page"
)
EXTRA = "asked for by this site (extra_scopes)"


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """One scope and why it is asked for."""

    scope: str
    reason: str


@dataclass(frozen=True, slots=True)
class PrefetchRow:
    """One prefetch key: its template, what it carries, whether a call without it (and without access) is refused."""

    key: str
    template: str
    carries: str
    required: bool


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order that cards may suggest: its words, and the public code where a verified one exists."""

    item: str
    text: str
    system: str
    code: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that the templates print; addresses are absolute."""

    vendor: str
    base: str
    ehr: EhrSettings
    settings: Settings
    services: tuple[Service, ...]
    prefetch: tuple[PrefetchRow, ...]
    page_scopes: tuple[ScopeRow, ...]
    call_scopes: tuple[ScopeRow, ...]
    own_scopes: tuple[ScopeRow, ...]
    topics: tuple[Topic, ...]
    overrides: tuple[tuple[str, str], ...]
    orders: tuple[OrderRow, ...]
    called: tuple[str, ...]
    page: bool
    recorded_vendor: str
    version: str = APP_VERSION
    topic_system: str = TOPIC_SYSTEM
    override_system: str = OVERRIDE_SYSTEM
    summary_limit: int = SUMMARY_LIMIT

    @property
    def redirect(self) -> str:
        """The redirect URI to register."""
        own = "" if self.ehr.sends_iss else f"/{quote(self.ehr.name, safe='')}"
        return f"{self.base}/smart/callback{own}"

    @property
    def host(self) -> str:
        """The one host that links of cards lead to."""
        return urlsplit(self.base).netloc

    @property
    def patient_form(self) -> str:
        """How our searches name the patient."""
        return self.ehr.product.patient_form.format("1")


def make_sheet(settings: Settings, recorded: EhrSettings, vendor: str, texts: Texts) -> Sheet:
    """The sheet for one EHR; where nothing is configured yet, names in capitals stand for what is to be filled in."""
    ehr = recorded.model_copy(update={"vendor": vendor})
    return Sheet(
        vendor=vendor,
        recorded_vendor=recorded.vendor,
        page=ehr.smart or ehr.name == NO_NAME,
        base=(settings.public_base_url or NO_ADDRESS).rstrip("/"),
        ehr=ehr,
        settings=settings,
        services=tuple(each for each in services().values() if each.hook in ehr.hooks),
        prefetch=tuple(_prefetch(settings, ehr)),
        page_scopes=tuple(_page_scopes(ehr)),
        call_scopes=tuple(ScopeRow(each, _reason(each)) for each in scopes(ehr.scope_version or 2)),
        own_scopes=tuple(ScopeRow(each, _reason(each)) for each in scopes(ehr.scope_version or 2, "system")),
        topics=tuple(texts.topics.values()),
        overrides=tuple(sorted(texts.sections["override"].items())),
        orders=tuple(_order(each) for each in WORK_UP),
        called=tuple(sorted({_origin(each) for each in ehr.addresses()} | ehr.endpoint_hosts)),
    )


def nobody(vendor: str) -> EhrSettings:
    """A record for an EHR that is not configured yet."""
    return EhrSettings.model_validate({"name": NO_NAME, "vendor": vendor, "hooks": HOOKS})


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _prefetch(settings: Settings, ehr: EhrSettings) -> Iterator[PrefetchRow]:
    for key, template in templates("", settings.for_hooks(ehr).prefetch_profile).items():
        yield PrefetchRow(key, template, _carried((key,)), key in REQUIRED_KEYS)


def _carried(keys: tuple[str, ...]) -> str:
    names = (name for key in keys for name in (*QUERIES[key].elements, *QUERIES[key].aids))
    return "; ".join(ELEMENTS[name]["title"] for name in dict.fromkeys(names))


def _page_scopes(ehr: EhrSettings) -> Iterator[ScopeRow]:
    """What the first redirect of the page asks for, word by word."""
    client = SmartClient(
        ehr.client_id, access=ehr.access, scope_version=ehr.scope_version, extra_scopes=ehr.extra_scopes,
        write_attestations=ehr.write_attestations,
    )  # fmt: skip
    for word in asked_scope(client, Metadata("", ""), "ehr").split():
        yield ScopeRow(word, EXTRA if word in ehr.extra_scopes else _reason(word))
    yield ScopeRow("launch/patient", WORDS["launch/patient"])


def _reason(word: str) -> str:
    """Why a scope is needed: the data elements that it lets us read."""
    scope = read_scope(word)
    if scope is None:
        return WORDS.get(word, EXTRA)
    if "c" in scope.rights:
        return STATEMENTS
    return _carried(tuple(key for key, query in QUERIES.items() if query.kind == scope.kind)) or DRUGS


def _order(item: str) -> OrderRow:
    row = row_of(item)
    return OrderRow(item, label(item), row.system if row else "", row.code if row else "")


def as_markdown(sheet: Sheet) -> str:
    """The sheet as Markdown."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=False, undefined=StrictUndefined, trim_blocks=True,  # noqa: S701
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    made.filters["cell"] = cell
    values = {each.name: getattr(sheet, each.name) for each in dataclasses.fields(sheet)}
    return marked(EMPTY_LINES.sub("\n\n", made.get_template("register_sheet.md").render(sheet=sheet, **values)))


def cell(text: str) -> str:
    """A text inside a Markdown table."""
    return text.replace("|", "\\|")


def choose_ehr(settings: Settings, name: str | None, vendor: str | None) -> EhrSettings | None:
    """The record asked for, the only one, or one for an EHR to come; None for a name that is not configured."""
    if name:
        return next((each for each in settings.ehrs if each.name == name), None)
    if len(settings.ehrs) == 1:
        return settings.ehrs[0]
    return nobody(vendor or next(iter(VENDORS)))
