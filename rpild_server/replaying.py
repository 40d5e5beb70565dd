"""`rpild replay ID`: the answer of a recorded decision once more, from facts to bytes, and whether it is the same."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cds_hooks.conclusion import Inputs, conclude
from rpild_rules.knowledge import Knowledge
from rpild_server.payload import Kept, overrides_of, unpack
from rpild_server.remembering import seal_of
from rpild_server.storage.crypt import Keyring
from rpild_server.storage.replay import StoredDecision, load
from rpild_server.storage.store import Storage
from rpild_server.version import APP_VERSION


@dataclass(frozen=True, slots=True)
class Replayed:
    """The stored bytes, and what was decided from; `fault` says why the bytes are not proven to come again."""

    stored: bytes
    kept: Kept
    fault: str = ""


def replay(storage: Storage, id: str, knowledge: Knowledge) -> Replayed:
    """One decision again; raises UnknownRecordError, UnreadableRecordError."""
    decision = load(storage.engine, storage.keyring, id)
    if decision.response is None or decision.payload is None:  # load() refuses a record without content
        raise AssertionError("a record without content was loaded")
    kept = unpack(decision.payload)
    fault = _other_version(decision, kept, knowledge)
    if not fault and conclude(_sealed(kept.inputs, decision, storage.keyring), knowledge).answer != decision.response:
        fault = "The answer is another one although all versions are the same: report this to the maintainers."
    return Replayed(decision.response, kept, fault)


def _sealed(inputs: Inputs, decision: StoredDecision, keyring: Keyring) -> Inputs:
    """The alert memory with the seal under which its fingerprints were stored."""
    return replace(inputs, remembered=replace(inputs.remembered, seal=seal_of(keyring, decision.patient)))


def _other_version(decision: StoredDecision, kept: Kept, knowledge: Knowledge) -> str:
    if decision.app_version != APP_VERSION:
        return f"Decided by version {decision.app_version}, this is {APP_VERSION}: run that version to replay it."
    if decision.knowledge_sha256 != knowledge.sha256:
        named = f"{decision.knowledge_version}, sha256 {decision.knowledge_sha256}"
        return f"Decided with knowledge {named}: replay it with the version of the program that ships it."
    if kept.overrides != overrides_of(knowledge):
        own = ", ".join(f"{name} = {value}" for name, value in kept.overrides.items()) or "none"
        return f"Decided with other values of the site: {own}. Name that site file as site_file."
    return ""
