"""Every coded error of the hook endpoints: one tree, each leaf with its code, HTTP status and remedy.

HookError
├── RefusedRequest (400)
│   ├── UnreadableBody        RPILD-BODY
│   ├── DuplicateKey          RPILD-DUPLICATE-KEY
│   ├── BadEnvelope           RPILD-ENVELOPE
│   ├── WrongHook             RPILD-WRONG-HOOK
│   ├── BadContext            RPILD-CONTEXT
│   ├── NoDraftOrders         RPILD-NO-DRAFT-ORDERS
│   ├── BadAuthorization      RPILD-AUTHORIZATION
│   ├── OtherPatient          RPILD-OTHER-PATIENT
│   └── BadFeedback           RPILD-FEEDBACK
├── UnknownPath (404)         RPILD-UNKNOWN-PATH
├── UnknownService (404)      RPILD-UNKNOWN-SERVICE
├── WrongMethod (405)         RPILD-METHOD
├── RequiredDataMissing (412) RPILD-REQUIRED-DATA
├── BodyTooLarge (413)        RPILD-TOO-LARGE
├── WrongMediaType (415)      RPILD-MEDIA-TYPE
├── CompressedBody (415)      RPILD-COMPRESSED
└── InternalFault (500)       RPILD-INTERNAL
"""

from __future__ import annotations

from collections.abc import Iterator

Outcome = dict[str, object]
ERROR_SYSTEM = "urn:rpild:error"


class HookError(Exception):
    """A call that cannot be answered with cards. `cause` says what happened and where, never a patient value."""

    code = "RPILD-INTERNAL"
    status = 500
    remedy = "Ask the operator to look up the correlation id of this answer in the log."
    issue = "exception"

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class RefusedRequest(HookError):
    """The request is not one that CDS Hooks allows."""

    code = "RPILD-REQUEST"
    status = 400
    issue = "invalid"
    remedy = "Correct the request; see the CDS Hooks specification 2.0.1."


class UnreadableBody(RefusedRequest):
    """The body is not one JSON object in UTF-8 with finite numbers and moderate depth."""

    code = "RPILD-BODY"
    remedy = "Send one JSON object in UTF-8, without NaN, Infinity, numbers beyond a double, lone surrogates or thousands of nested levels."


class DuplicateKey(RefusedRequest):
    """A key stands twice in one object, so the request is ambiguous."""

    code = "RPILD-DUPLICATE-KEY"
    remedy = "Send each key of an object once."


class BadEnvelope(RefusedRequest):
    """A required field of the hook request is missing or has the wrong type."""

    code = "RPILD-ENVELOPE"
    issue = "required"
    remedy = "Send hook (text), hookInstance (UUID) and context (object); prefetch and fhirAuthorization are objects, fhirServer is a URL."


class WrongHook(RefusedRequest):
    """The hook of the request is not the one this service is offered for."""

    code = "RPILD-WRONG-HOOK"
    remedy = "Call the service whose hook in /cds-services equals the hook of the request."


class BadContext(RefusedRequest):
    """A field of the hook's context is missing or malformed."""

    code = "RPILD-CONTEXT"
    remedy = "Send userId as Type/id, patientId as a plain id, and for order-select the selections as a list of Type/id."


class NoDraftOrders(RefusedRequest):
    """An order hook without draftOrders: the call arrived stripped, so nothing can be said about the order."""

    code = "RPILD-NO-DRAFT-ORDERS"
    issue = "required"
    remedy = "Send context.draftOrders, a Bundle. If your EHR leaves it out, check its OAuth scopes for orders and that the registered service URL is exact."


class BadAuthorization(RefusedRequest):
    """fhirAuthorization is malformed, or it stands without fhirServer."""

    code = "RPILD-AUTHORIZATION"
    remedy = "Send fhirServer together with fhirAuthorization holding access_token, token_type Bearer, expires_in (a number) and scope."


class OtherPatient(RefusedRequest):
    """A resource, or the token, belongs to another patient than the context: the whole call is refused."""

    code = "RPILD-OTHER-PATIENT"
    issue = "conflict"
    remedy = "Send only resources of context.patientId; check the prefetch templates and the server's patient filter."


class BadFeedback(RefusedRequest):
    """The feedback body does not follow CDS Hooks."""

    code = "RPILD-FEEDBACK"
    remedy = "Send {feedback: [...]}; each entry has card, outcome (accepted or overridden) and outcomeTimestamp."


class UnknownPath(HookError):
    """There is nothing at this address."""

    code = "RPILD-UNKNOWN-PATH"
    status = 404
    issue = "not-found"
    remedy = "Read /cds-services for the addresses that exist."


class UnknownService(HookError):
    """No service of this id."""

    code = "RPILD-UNKNOWN-SERVICE"
    status = 404
    issue = "not-found"
    remedy = "Use an id listed in /cds-services."


class WrongMethod(HookError):
    """The address exists, but not for this HTTP method."""

    code = "RPILD-METHOD"
    status = 405
    issue = "not-supported"
    remedy = "Use a method named in the Allow header."


class RequiredDataMissing(HookError):
    """Patient or Condition could neither be taken from the prefetch nor be read from the FHIR server."""

    code = "RPILD-REQUIRED-DATA"
    status = 412
    issue = "required"
    remedy = "Fill these prefetch keys, or send fhirServer (registered with this service) and a fhirAuthorization that may read them."


class BodyTooLarge(HookError):
    """The body is larger than this service reads."""

    code = "RPILD-TOO-LARGE"
    status = 413
    issue = "too-long"
    remedy = "Send less prefetch (lower _count), or raise max_body_bytes."


class WrongMediaType(HookError):
    """The body is not announced as JSON."""

    code = "RPILD-MEDIA-TYPE"
    status = 415
    issue = "not-supported"
    remedy = "Send Content-Type: application/json."


class CompressedBody(HookError):
    """The body is compressed."""

    code = "RPILD-COMPRESSED"
    status = 415
    issue = "not-supported"
    remedy = "Send the body without Content-Encoding."


class InternalFault(HookError):
    """A fault of this program; never an empty card list."""


def leaves(root: type[HookError] = HookError) -> Iterator[type[HookError]]:
    """The errors a caller can meet, in the order of the tree."""
    for child in root.__subclasses__():
        if child.__subclasses__():
            yield from leaves(child)
        else:
            yield child


def outcome(error: HookError) -> Outcome:
    """The OperationOutcome that tells this error: code, cause and remedy."""
    details = {"coding": [{"system": ERROR_SYSTEM, "code": error.code}], "text": error.cause}
    issue = {"severity": "error", "code": error.issue, "details": details, "diagnostics": error.remedy}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def error_pages() -> str:
    """The text of docs/errors.md."""
    head = "# Errors\n\nGenerated from `cds_hooks/errors.py` by `python -m cds_hooks.errors`; do not edit.\n\n"
    intro = (
        "Every refusal is an OperationOutcome: `issue[0].details.coding[0]` holds the code, `details.text` the cause, "
        "`diagnostics` the remedy. The header `X-Correlation-Id` names the call in the log.\n\n"
    )
    rows = "".join(f"| `{each.code}` | {each.status} | {each.__doc__} | {each.remedy} |\n" for each in leaves())
    return f"{head}{intro}| code | status | what happened | what to do |\n|---|---|---|---|\n{rows}"


if __name__ == "__main__":
    print(error_pages(), end="")
