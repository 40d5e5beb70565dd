"""What a decision record holds of a call, as compressed JSON: enough to come to the same bytes again."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import tzinfo
from types import MappingProxyType
from typing import Any

import msgspec

from cds_hooks.conclusion import Inputs
from cds_hooks.hook_request import HookRequest
from cds_hooks.ports import Evaluated
from fhir_mappings.decode import versions
from rpild_rules.contract import as_contract
from rpild_rules.fatigue import Alert, Remembered
from rpild_rules.knowledge import Knowledge
from rpild_server.rebuilding import hints, parse, rebuild

QUICK = 1  # a level of compression: a twelfth of the size for a fifth of a millisecond
IDS = ("service", "hook", "hook_instance", "user_id", "patient_id", "encounter_id", "iss", "ehr")
REBUILT = ("facts", "now", "call", "exposed", "app")


@dataclass(frozen=True, slots=True)
class Kept:
    """A record's content: the inputs, how a site changed the knowledge, versions of resources, the assessment."""

    inputs: Inputs
    overrides: Any
    versions: dict[str, str]
    assessment: dict[str, Any]


def _plain(value: Any) -> Any:
    """What msgspec cannot write by itself."""
    if isinstance(value, MappingProxyType):
        return dict(value)
    if isinstance(value, tzinfo):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in a record")


ENCODER = msgspec.json.Encoder(enc_hook=_plain, decimal_format="number")


def pack(evaluated: Evaluated, knowledge: Knowledge) -> bytes:
    """The content of a record."""
    inputs, conclusion = evaluated.inputs, evaluated.conclusion
    topics = tuple(each.topic for each in conclusion.choice.sent)
    content = {name: getattr(inputs, name) for name in REBUILT} | {
        "request": {name: getattr(inputs.request, name) for name in IDS},
        "remembered": {"on": inputs.remembered.on, "alerts": inputs.remembered.alerts},
        "overrides": overrides_of(knowledge),
        "versions": versions([each for one in evaluated.decoded.values() for each in one.resources]),
        "assessment": as_contract(conclusion.assessment, topics),
    }
    return zlib.compress(ENCODER.encode(content), QUICK)


def unpack(raw: bytes) -> Kept:
    """The content back; the alert memory comes without its seal."""
    content = parse(zlib.decompress(raw))
    request = HookRequest(**content["request"], draft_orders=None, selections=None, prefetch={}, access=None)
    alerts = rebuild(tuple[Alert, ...], content["remembered"]["alerts"])
    given = {name: rebuild(hints(Inputs)[name], content[name]) for name in REBUILT}
    inputs = Inputs(request=request, remembered=Remembered(content["remembered"]["on"], alerts), **given)
    return Kept(inputs, content["overrides"], content["versions"], content["assessment"])


def overrides_of(knowledge: Knowledge) -> dict[str, str]:
    """A site's own parameter values, in words."""
    return {each.name: knowledge.parameter(each.name).printed for each in knowledge.overrides}
