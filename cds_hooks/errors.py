"""Every coded error of the hook endpoints: one tree, each leaf with its code, HTTP status and remedy.

HookError
├── RequestError (400)
│   ├── NoHttpError                RPILD-HTTP
│   ├── UnreadableBodyError        RPILD-BODY
│   ├── DuplicateKeyError          RPILD-DUPLICATE-KEY
│   ├── BadEnvelopeError           RPILD-ENVELOPE
│   ├── WrongHookError             RPILD-WRONG-HOOK
│   ├── BadContextError            RPILD-CONTEXT
│   ├── NoDraftOrdersError         RPILD-NO-DRAFT-ORDERS
│   ├── BadAuthorizationError      RPILD-AUTHORIZATION
│   ├── AnotherPatientError        RPILD-OTHER-PATIENT
│   └── BadFeedbackError           RPILD-FEEDBACK
├── UnknownCallerError (401)       RPILD-CALLER
├── HookOffError (403)             RPILD-HOOK-OFF
├── UnknownPathError (404)         RPILD-UNKNOWN-PATH
├── UnknownServiceError (404)      RPILD-UNKNOWN-SERVICE
├── WrongMethodError (405)         RPILD-METHOD
├── SlowBodyError (408)            RPILD-SLOW-BODY
├── RequiredDataMissingError (412) RPILD-REQUIRED-DATA
├── BodyTooLargeError (413)        RPILD-TOO-LARGE
├── WrongMediaTypeError (415)      RPILD-MEDIA-TYPE
├── CompressedBodyError (415)      RPILD-COMPRESSED
├── LargeHeadersError (431)        RPILD-HEADERS
├── TokenMemoryError (503)         RPILD-TOKEN-MEMORY
├── NotRecordedError (503)         RPILD-NOT-RECORDED
├── TooSlowError (500)             RPILD-TOO-SLOW
└── InternalError (500)            RPILD-INTERNAL
"""

from __future__ import annotations

from collections.abc import Iterator

from cds_hooks.hook_error import HookError

MOST_ISS = 200


class RequestError(HookError):
    """The request is not one that CDS Hooks allows."""

    code = "RPILD-REQUEST"
    status = 400
    issue = "invalid"
    remedy = "Correct the request; see the CDS Hooks specification 2.0.1."


class NoHttpError(RequestError):
    """What arrived is no HTTP request, so it is not known for which address it was."""

    code = "RPILD-HTTP"
    remedy = "Send HTTP/1.1; look for what changes requests on their way, such as a proxy."


class UnreadableBodyError(RequestError):
    """The body is not one JSON object in UTF-8 with finite numbers and moderate depth."""

    code = "RPILD-BODY"
    remedy = "Send one JSON object in UTF-8 without NaN, Infinity, 1e400, lone surrogates or thousands of levels."


class DuplicateKeyError(RequestError):
    """A key stands twice in one object, so the request is ambiguous."""

    code = "RPILD-DUPLICATE-KEY"
    remedy = "Send each key of an object once."


class BadEnvelopeError(RequestError):
    """A required field of the hook request is missing or has the wrong type."""

    code = "RPILD-ENVELOPE"
    issue = "required"
    remedy = "Send hook (text), hookInstance (UUID) and context (object); prefetch is an object, fhirServer a URL."


class WrongHookError(RequestError):
    """The hook of the request is not the one this service is offered for."""

    code = "RPILD-WRONG-HOOK"
    remedy = "Call the service whose hook in /cds-services equals the hook of the request."


class BadContextError(RequestError):
    """A field of the hook's context is missing or malformed."""

    code = "RPILD-CONTEXT"
    remedy = (
        "Send userId as Type/id, patientId as a plain id, and for order-select the selections as a list of Type/id."
    )


class NoDraftOrdersError(RequestError):
    """An order hook without draftOrders: the call arrived stripped, so nothing can be said about the order."""

    code = "RPILD-NO-DRAFT-ORDERS"
    issue = "required"
    remedy = (
        "Send context.draftOrders, a Bundle. If your EHR leaves it out, check its OAuth scopes for orders "
        "and that the service URL registered there is exact."
    )


class BadAuthorizationError(RequestError):
    """fhirAuthorization is malformed, or it stands without fhirServer."""

    code = "RPILD-AUTHORIZATION"
    remedy = (
        "Send fhirServer, and fhirAuthorization with access_token, token_type Bearer, expires_in (a number), scope."
    )


class AnotherPatientError(RequestError):
    """A resource, or the token, belongs to another patient than the context: the whole call is refused."""

    code = "RPILD-OTHER-PATIENT"
    issue = "conflict"
    audited = True
    remedy = (
        "Send only resources of context.patientId; check the prefetch templates and the server's patient filter. "
        "A subject named at another FHIR base than the call's needs that base among the EHR's fhir_bases."
    )


class BadFeedbackError(RequestError):
    """The feedback body does not follow CDS Hooks."""

    code = "RPILD-FEEDBACK"
    remedy = "Send {feedback: [...]}; each entry has card, outcome (accepted or overridden) and outcomeTimestamp."


class UnknownCallerError(HookError):
    """The call bears no valid token of a registered EHR. The answer has no body; the reason stands in our log only."""

    code = "RPILD-CALLER"
    status = 401
    issue = "login"
    audited = True
    remedy = (
        "Look up the correlation id in the log: `why` names the check that failed and `iss` the issuer. Then correct "
        "the EHR's record in the configuration, or the EHR's setup."
    )

    def __init__(self, why: str, iss: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.iss = iss[:MOST_ISS]

    @property
    def known(self) -> dict[str, str]:
        return {"why": self.why} | ({"iss": self.iss} if self.iss else {})


class HookOffError(HookError):
    """The service is switched off for this EHR."""

    code = "RPILD-HOOK-OFF"
    status = 403
    issue = "suppressed"
    audited = True
    remedy = "Add the hook to `hooks` of this EHR's record in the configuration, or stop calling it."


class UnknownPathError(HookError):
    """There is nothing at this address."""

    code = "RPILD-UNKNOWN-PATH"
    status = 404
    issue = "not-found"
    remedy = "Read /cds-services for the addresses that exist."


class UnknownServiceError(HookError):
    """No service of this id."""

    code = "RPILD-UNKNOWN-SERVICE"
    status = 404
    issue = "not-found"
    remedy = "Use an id listed in /cds-services."


class WrongMethodError(HookError):
    """The address exists, but not for this HTTP method."""

    code = "RPILD-METHOD"
    status = 405
    issue = "not-supported"
    remedy = "Use a method named in the Allow header."


class SlowBodyError(HookError):
    """The body stopped arriving."""

    code = "RPILD-SLOW-BODY"
    status = 408
    issue = "timeout"
    remedy = "Send the body without a pause; a proxy in front that buffers requests keeps slow lines away."


class RequiredDataMissingError(HookError):
    """Patient or Condition could neither be taken from the prefetch nor be read from the FHIR server."""

    code = "RPILD-REQUIRED-DATA"
    status = 412
    issue = "required"
    remedy = "Fill these prefetch keys, or send a registered fhirServer and a fhirAuthorization that may read them."


class BodyTooLargeError(HookError):
    """The body is larger than this service reads."""

    code = "RPILD-TOO-LARGE"
    status = 413
    issue = "too-long"
    remedy = "Send less prefetch (lower _count), or raise max_body_bytes."


class WrongMediaTypeError(HookError):
    """The body is not announced as JSON."""

    code = "RPILD-MEDIA-TYPE"
    status = 415
    issue = "not-supported"
    remedy = "Send Content-Type: application/json."


class CompressedBodyError(HookError):
    """The body is compressed."""

    code = "RPILD-COMPRESSED"
    status = 415
    issue = "not-supported"
    remedy = "Send the body without Content-Encoding."


class LargeHeadersError(HookError):
    """A header is longer than 8 kB, or there are more than a hundred."""

    code = "RPILD-HEADERS"
    status = 431
    issue = "too-long"
    remedy = "Send a shorter token, and no headers that the service does not need."


class TokenMemoryError(HookError):
    """Whether this token was used before cannot be looked up now, so the call is not accepted."""

    code = "RPILD-TOKEN-MEMORY"
    status = 503
    issue = "transient"
    retry_after = 5
    remedy = "Send the call again later with a new token; the operator sees in the log what the storage lacks."


class NotRecordedError(HookError):
    """The decision could not be recorded, so it is not given: what is answered is on record."""

    code = "RPILD-NOT-RECORDED"
    status = 503
    issue = "transient"
    retry_after = 5
    remedy = "Send the call again later; the operator sees in the log what the storage lacks."


class TooSlowError(HookError):
    """The rules did not come to an end; a fault of this program, told instead of an empty card list."""

    code = "RPILD-TOO-SLOW"
    fault = "rules took too long"
    issue = "timeout"
    remedy = (
        "Report it to the maintainers with the knowledge version; `rpild assess` on the same chart shows whether it "
        "lasts. Until then the kill switch can take the service out: `rpild switch off`."
    )


class InternalError(HookError):
    """A fault of this program; never an empty card list."""


def leaves(root: type[HookError] = HookError) -> Iterator[type[HookError]]:
    """The errors a caller can meet, in the order of the tree."""
    for child in root.__subclasses__():
        if child.__subclasses__():
            yield from leaves(child)
        else:
            yield child
