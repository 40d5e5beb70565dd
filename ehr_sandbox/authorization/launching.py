"""Opening an app from the chart: a launch token for this patient, and the app's address with it."""

from __future__ import annotations

from dataclasses import dataclass

from ehr_sandbox.authorization.authorization_server import SmartServer
from ehr_sandbox.authorization.clients import APP, Client
from ehr_sandbox.authorization.grants_given import LaunchContext
from ehr_sandbox.authorization.launches import launch_address
from ehr_sandbox.fhir_json import Json
from ehr_sandbox.records import Records


class LaunchError(LookupError):
    """There is no such patient or no such app; the text is fit to show."""


@dataclass(frozen=True)
class Launcher:
    """Launches apps for the clinician who is signed in."""

    server: SmartServer
    records: Records
    user: str

    def launch_url(
        self,
        patient: str,
        app_context: str | None = None,
        intent: str | None = None,
        client_id: str = "",
        banner: bool = True,
        user: str = "",
    ) -> str:
        """The address that opens an app (the first one registered unless named) for a patient, good once, for minutes.

        `app_context` is handed over unread; `banner` says whether the app must show who the patient is.
        Raises LaunchError.
        """
        client = self._client(client_id)
        if not self.records.read("Patient", patient):
            raise LaunchError(f"There is no patient {patient!r}.")
        encounter = self.records.open_encounter(patient)
        context = LaunchContext(
            user or self.user, patient, encounter, banner, self._fhir_context(patient), intent or "", app_context or ""
        )
        return launch_address(client, self.server.launches.issue(client.client_id, context), self.server.site.fhir)

    def client_at(self, link: str) -> str:
        """The app whose registered launch address a card's link names. Raises LaunchError for any other address."""
        apps = (each for each in self.server.clients.values() if each.launch_url and each.launch_url == link)
        found = next(apps, None)
        if not found:
            raise LaunchError("The link of this card leads to no app of this EHR.")
        return found.client_id

    def _client(self, client_id: str) -> Client:
        apps = [each for each in self.server.clients.values() if each.grants >= APP and each.launch_url]
        found = next((each for each in apps if client_id in ("", each.client_id)), None)
        if not found:
            raise LaunchError("There is no such app in this EHR.")
        return found

    def _fhir_context(self, patient: str) -> tuple[Json, ...]:
        """The latest scan, so that an app sees that more than patient and encounter may be handed over."""
        scans = [each for each in self.records.chart(patient) if each["resourceType"] == "ImagingStudy"]
        return tuple({"reference": f"ImagingStudy/{each['id']}", "type": "ImagingStudy"} for each in scans[-1:])
