"""The end of a launch: the EHR's answer checked, the code exchanged, the page opened."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from ehr_access.apps import registration
from ehr_access.discovery import DiscoveryError
from ehr_access.identity_token import Identified, IdentityTokenError
from ehr_access.oauth import OAuthClient, TokenFailedError, TokenRefusedError
from ehr_access.registry import TrustedEhr
from ehr_access.token_answer import Grant, TokenAnswerError
from smart_app.begin import callback_of
from smart_app.browser import digest
from smart_app.errors import (
    DiscoveryFailedError,
    IdentityUnprovenError,
    LaunchRequestError,
    MixedUpError,
    NoPatientError,
    OtherBrowserError,
    RefusedError,
    StorageBlockedError,
    TokenUnusableError,
    UnknownStateError,
)
from smart_app.launch_store import Kept, Pending, Tokens, keep, new_id, take
from smart_app.ports import SmartPorts

REFUSALS = {
    "access_denied": "The EHR or you did not agree to the access.",
    "invalid_scope": "The EHR does not know a right that the app asks for.",
    "invalid_request": "The EHR could not read the app's request.",
    "unauthorized_client": "The EHR does not let this app do that.",
    "unsupported_response_type": "The EHR does not offer this kind of launch.",
    "server_error": "The EHR had a fault of its own.",
    "temporarily_unavailable": "The EHR is too busy now.",
    "login_required": "You are not signed in to the EHR.",
    "interaction_required": "The EHR wants to ask you something first.",
    "consent_required": "The EHR wants to ask you something first.",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The parameters of a callback; empty texts are what was not sent."""

    state: str = ""
    code: str = ""
    error: str = ""
    iss: str = ""


def finish(name: str, answer: Answer, handle: str, ports: SmartPorts) -> tuple[str, TrustedEhr, str]:
    """The id of the opened launch, its EHR and intent. `name` is the EHR in the address (empty for the common one).

    The state is looked at first, whatever else was sent, and is used up by it.
    """
    if not answer.state:
        raise LaunchRequestError("The parameter state is missing.")
    found = take(ports.rows, answer.state, ports.now())
    if found is None:
        raise UnknownStateError("No launch of this service is under way with this state.")
    browser, pending = found
    ehr = ports.ehrs.find(pending.ehr)
    if ehr is None:
        raise UnknownStateError("The launch belongs to an EHR that is not registered any more.")
    _check_browser(handle, browser, ehr)
    _check_issuer(name, answer, pending, ehr, ports)
    grant = _exchange(answer, pending, ehr, ports)
    return _open(grant, _identify(grant, pending, ehr, ports), pending, browser, ehr, ports), ehr, grant.intent


def _check_browser(handle: str, browser: str, ehr: TrustedEhr) -> None:
    if not handle:
        raise StorageBlockedError("The cookie of this launch did not come back.", ehr.name)
    if not hmac.compare_digest(digest(handle), browser):
        raise OtherBrowserError("The launch was begun in another browser.", ehr.name)


def _check_issuer(name: str, answer: Answer, pending: Pending, ehr: TrustedEhr, ports: SmartPorts) -> None:
    """RFC 9207, and one callback address for each EHR."""
    if pending.redirect_uri != callback_of(ehr, ports) or name not in _names(ehr):
        raise MixedUpError("The callback is that of another EHR than the launch.", ehr.name)
    if answer.iss and answer.iss != pending.issuer:
        raise MixedUpError("The answer names another issuer than the EHR's configuration.", ehr.name)
    if not answer.iss and (pending.names_issuer or registration(ehr).sends_iss):
        raise MixedUpError("The answer does not name its issuer, as this EHR always does.", ehr.name)


def _names(ehr: TrustedEhr) -> tuple[str, ...]:
    return ("", ehr.name) if registration(ehr).sends_iss else (ehr.name,)


def _exchange(answer: Answer, pending: Pending, ehr: TrustedEhr, ports: SmartPorts) -> Grant:
    if answer.error:
        raise RefusedError(REFUSALS.get(answer.error, "The EHR refused for a reason that it did not name."), ehr.name)
    if not answer.code:
        raise LaunchRequestError("The parameter code is missing.", ehr.name)

    def ask(oauth: OAuthClient) -> Grant:
        return oauth.exchange(answer.code, pending.verifier, pending.redirect_uri)

    try:
        return ports.ehrs.with_token_endpoint(ehr, pending.base, ask)
    except TokenRefusedError as problem:
        reason = problem.error or "without a reason"
        raise TokenUnusableError(f"The token endpoint refused ({reason}).", ehr.name) from None
    except TokenFailedError as problem:
        raise TokenUnusableError(f"The token endpoint {problem.fault}.", ehr.name) from None
    except TokenAnswerError as problem:
        raise TokenUnusableError(f"The token answer cannot be used: {problem}.", ehr.name) from None
    except DiscoveryError as problem:
        raise DiscoveryFailedError(f"The SMART configuration: {problem.fault}.", ehr.name) from None


def _identify(grant: Grant, pending: Pending, ehr: TrustedEhr, ports: SmartPorts) -> Identified:
    """The user; nobody where the EHR was not asked or did not grant it."""
    if not grant.id_token:
        if "openid" in _scope(grant, pending).split():
            raise IdentityUnprovenError("openid was granted, but no id_token came.", ehr.name)
        return Identified("")
    try:
        return ports.ehrs.identify(ehr, pending.base, grant.id_token, pending.nonce, ports.now())
    except IdentityTokenError as problem:
        raise IdentityUnprovenError(f"The id_token: {problem}.", ehr.name) from None
    except DiscoveryError as problem:
        raise DiscoveryFailedError(f"The SMART configuration: {problem.fault}.", ehr.name) from None


def _scope(grant: Grant, pending: Pending) -> str:
    """What is granted; a server that says nothing has granted what was asked (RFC 6749)."""
    return pending.scope if grant.scope is None else grant.scope


def _open(grant: Grant, user: Identified, pending: Pending, browser: str, ehr: TrustedEhr, ports: SmartPorts) -> str:
    if not grant.patient:
        raise NoPatientError("The token answer names no patient.", ehr.name)
    now, patient = ports.now(), ports.pseudonym(ehr, grant.patient)
    hand_over, notices = _handed_over(grant, patient, ehr, ports)
    kept = Kept(
        ehr=ehr.name, server=pending.base, patient=grant.patient, encounter=grant.encounter, user=user.fhir_user,
        user_name=user.name, subject=user.subject, need_banner=grant.need_banner, intent=grant.intent,
        style=grant.style_url, tenant=grant.tenant, csrf=new_id(), hand_over=hand_over, notices=notices,
    )  # fmt: skip
    tokens = Tokens(grant.access_token, grant.refresh_token, now.timestamp() + grant.expires_in, _scope(grant, pending))
    id = keep(ports.rows, browser, patient, kept, tokens, now)
    ports.audit(
        "launch", ehr.name, patient=patient, user=user.fhir_user or "unknown", way=pending.kind, tenant=grant.tenant
    )
    return id


def _handed_over(grant: Grant, patient: str, ehr: TrustedEhr, ports: SmartPorts) -> tuple[str, tuple[str, ...]]:
    """The hook call whose card was followed, and what the user is told where that does not fit."""
    if not grant.app_context or ports.hand_overs is None:
        return "", ()
    found = ports.hand_overs.read(grant.app_context, ports.now())
    if found is None:
        return "", ("card-unknown",)
    if not hmac.compare_digest(found.patient, patient):
        ports.audit("card-of-other-patient", ehr.name, hook_instance=found.hook_instance, patient=patient)
        return "", ("card-of-other-patient",)
    return found.hook_instance, ()
