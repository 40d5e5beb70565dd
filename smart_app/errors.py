"""Every coded error of launch and page: one tree, each leaf with its code, HTTP status and remedy, shown as a page.

PageError
├── LaunchRequestError (400)       RPILD-LAUNCH-INCOMPLETE
├── UnknownEhrError (400)          RPILD-LAUNCH-EHR
├── UnknownStateError (400)        RPILD-LAUNCH-STATE
├── OtherBrowserError (400)        RPILD-LAUNCH-BROWSER
├── MixedUpError (400)             RPILD-LAUNCH-ISSUER
├── StorageBlockedError (400)      RPILD-STORAGE-BLOCKED
├── FormError (400)                RPILD-FORM
├── RefusedError (403)             RPILD-LAUNCH-REFUSED
├── PageGoneError (404)            RPILD-PAGE-GONE
├── PageMethodError (405)          RPILD-PAGE-METHOD
├── OtherChartError (409)          RPILD-PAGE-PATIENT
├── SessionEndedError (401)        RPILD-SESSION-ENDED
├── PatientUnreadError (412)       RPILD-PAGE-DATA
├── DiscoveryFailedError (502)     RPILD-EHR-CONFIGURATION
├── TokenUnusableError (502)       RPILD-EHR-TOKEN
├── IdentityUnprovenError (502)    RPILD-EHR-IDENTITY
├── NoPatientError (502)           RPILD-NO-PATIENT
├── PageStoreError (503)           RPILD-PAGE-STORE
└── PageFaultError (500)           RPILD-PAGE-FAULT
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

LONGEST_ADDRESS = 200


@dataclass(frozen=True, slots=True)
class Unsaved:
    """A form that was sent in vain, to be sent again: nothing that was entered is lost. Only words for the page."""

    action: str
    lead: str
    button: str
    entered: tuple[str, ...]
    fields: tuple[tuple[str, str], ...] = field(repr=False)


class PageError(Exception):
    """A page that cannot be shown. `cause` says what happened, never a value of the chart or a token."""

    code = "RPILD-PAGE-FAULT"
    status = 500
    title = "This page cannot be shown"
    remedy = "Tell your support the code and the number below; they find it in the log."
    audited = False
    """Whether it is a matter of security, kept in the audit log."""

    def __init__(self, cause: str, ehr: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.ehr = ehr
        self.at = ""
        """The address that was sent in vain, for the operator."""
        self.unsaved: Unsaved | None = None


def _address(iss: str) -> str:
    """Without user part, query and fragment, which may hold what no log should."""
    plain = re.split(r"[?#]", iss, maxsplit=1)[0]
    return re.sub(r"//[^/]*@", "//", plain).encode("ascii", "backslashreplace").decode()[:LONGEST_ADDRESS]


class LaunchRequestError(PageError):
    """The address of a launch or a callback lacks something, or holds something twice."""

    code = "RPILD-LAUNCH-INCOMPLETE"
    status = 400
    title = "This launch is incomplete"
    remedy = "Open the page from the patient's chart. If it happens again, the EHR has a wrong launch URL."


class UnknownEhrError(PageError):
    """The launch names a FHIR server that is not registered here; nothing was asked of it."""

    code = "RPILD-LAUNCH-EHR"
    status = 400
    title = "This EHR is not registered"
    remedy = "Ask the operator to register the FHIR base of this EHR (fhir_bases, smart = true) as the EHR sends it."
    audited = True

    def __init__(self, cause: str, iss: str = "") -> None:
        """`iss` is what a stranger sent; only its address is kept, short and in printable ASCII."""
        super().__init__(cause)
        self.at = _address(iss)


class UnknownStateError(PageError):
    """The callback belongs to no launch under way: it was used before, is too old, or was never ours."""

    code = "RPILD-LAUNCH-STATE"
    status = 400
    title = "This launch is over"
    remedy = "A launch can be used once, and for ten minutes. Open the page again from the patient's chart."


class OtherBrowserError(PageError):
    """The callback comes from another browser than the launch."""

    code = "RPILD-LAUNCH-BROWSER"
    status = 400
    title = "This launch began in another browser"
    remedy = "Open the page again from the patient's chart, in this browser."
    audited = True


class MixedUpError(PageError):
    """The answer comes from another authorization server than the one that was asked, or does not say from which."""

    code = "RPILD-LAUNCH-ISSUER"
    status = 400
    title = "The answer came from the wrong server"
    remedy = "Open the page again from the chart. If it happens again, tell the operator: two EHRs may be mixed up."
    audited = True


class StorageBlockedError(PageError):
    """The browser did not keep the cookie that binds a launch to it."""

    code = "RPILD-STORAGE-BLOCKED"
    status = 400
    title = "Your browser keeps no cookie for this page"
    remedy = (
        "Open it in a new tab, which starts a new launch. To use it inside the EHR, allow cookies of this site in "
        "frames (third-party or partitioned cookies)."
    )


class FormError(PageError):
    """A form was sent from somewhere else than this page, or long after it was shown."""

    code = "RPILD-FORM"
    status = 400
    title = "This form is out of date"
    remedy = "Load the page again and repeat what you entered."


class RefusedError(PageError):
    """The EHR did not permit the launch."""

    code = "RPILD-LAUNCH-REFUSED"
    status = 403
    title = "The EHR did not permit this"
    remedy = "Open the page again from the patient's chart, and agree where the EHR asks you."


class PageGoneError(PageError):
    """The page belongs to no open launch of this browser: it was closed, has expired, or never was one."""

    code = "RPILD-PAGE-GONE"
    status = 404
    title = "This page is closed"
    remedy = "Open it again from the patient's chart."


class PageMethodError(PageError):
    """The address does not take this method."""

    code = "RPILD-PAGE-METHOD"
    status = 405
    title = "This address takes no such request"
    remedy = "Open the page again from the patient's chart."


class OtherChartError(PageError):
    """The EHR sent a resource of another patient than the one launched: nothing is shown."""

    code = "RPILD-PAGE-PATIENT"
    status = 409
    title = "The EHR sent data of another patient"
    remedy = "Nothing is shown, so that charts cannot mix. Tell the operator: the server's patient filter fails."
    audited = True


class SessionEndedError(PageError):
    """The EHR does not accept the session's token any more, and gave no new one."""

    code = "RPILD-SESSION-ENDED"
    status = 401
    title = "Your session with the EHR has ended"
    remedy = "Open the page again from the patient's chart. What was shown before is as old as its time says."


class PatientUnreadError(PageError):
    """The patient's record or the problem list could not be read, so nothing can be said."""

    code = "RPILD-PAGE-DATA"
    status = 412
    title = "The chart could not be read"
    remedy = "Load the page again. If it stays, ask the operator whether the app may read Patient and Condition."


class DiscoveryFailedError(PageError):
    """The EHR's SMART configuration cannot be had or cannot be used."""

    code = "RPILD-EHR-CONFIGURATION"
    status = 502
    title = "The EHR's configuration cannot be used"
    remedy = "Try again in a minute. If it stays, the operator of the EHR has to correct what the cause names."


class TokenUnusableError(PageError):
    """The EHR gave no usable token for the launch."""

    code = "RPILD-EHR-TOKEN"
    status = 502
    title = "The EHR gave no access"
    remedy = "Open the page again from the chart. If it stays, the app's registration in the EHR and here differ."


class IdentityUnprovenError(PageError):
    """The EHR's statement of who you are is missing, or does not hold."""

    code = "RPILD-EHR-IDENTITY"
    status = 502
    title = "The EHR did not prove who you are"
    remedy = "Open the page again from the chart. If it stays, tell the operator the cause."
    audited = True


class NoPatientError(PageError):
    """The launch came without a patient."""

    code = "RPILD-NO-PATIENT"
    status = 502
    title = "No patient was chosen"
    remedy = "Open the page from a patient's chart, or choose a patient when the EHR asks for one."


class PageStoreError(PageError):
    """Launches cannot be stored or read now."""

    code = "RPILD-PAGE-STORE"
    status = 503
    title = "The service cannot store this now"
    remedy = "Try again in a minute; the operator sees in the log what the storage lacks."


class PageFaultError(PageError):
    """A fault of this program."""


def leaves(root: type[PageError] = PageError) -> Iterator[type[PageError]]:
    """The errors that a user can meet, in the order of the tree."""
    yield from root.__subclasses__()
