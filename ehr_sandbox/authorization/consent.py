"""Deciding on an authorization request: a launch from the chart at once, a standalone one after a question."""

from __future__ import annotations

import secrets
import time
from threading import Lock
from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oidc.core.errors import ConsentRequiredError
from flask import make_response, render_template, request
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from ehr_sandbox.authorization.grants_given import LaunchContext
from ehr_sandbox.records import Records

TICKET_SECONDS = 600
ANSWERS = ("consent", "decision", "patient")


class Consents:
    """The consent page. Its ticket is good once and only for the request that it was made for."""

    def __init__(self, records: Records, user: str) -> None:
        self._records, self._user = records, user
        self._lock = Lock()
        self._tickets: dict[str, tuple[str, float]] = {}

    def answer(self, server: Any, grant: AuthorizationCodeGrant) -> Response:
        """The redirect back to the app, or the page that asks."""
        if server.faults.get("denied") is not None:
            return _granted(server, grant, None)
        launch = grant.request.payload.data.get("launch")
        if launch:
            found = server.launches.look(launch, grant.client.client_id)
            return _granted(server, grant, found)
        if grant.request.payload.data.get("prompt") == "none":
            state, address = grant.request.payload.state, grant.redirect_uri
            return _told(server, ConsentRequiredError(redirect_uri=address, state=state))
        if "consent" in request.form:
            return _granted(server, grant, self._decided(grant))
        return self._page(grant)

    def _decided(self, grant: AuthorizationCodeGrant) -> LaunchContext | None:
        """What the user chose; None for no. Raises BadRequest for an answer that this page did not ask for."""
        with self._lock:
            waiting, ends = self._tickets.pop(request.form["consent"], ("", 0.0))
        here = request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        if waiting != _wanted() or ends < time.time() or not here:
            raise BadRequest("This answer does not belong to a question of this page. Start again from the app.")
        if request.form.get("decision") != "allow":
            return None
        return self._chosen(grant.request.scope.split(), request.form.get("patient", ""))

    def _chosen(self, scopes: list[str], patient: str) -> LaunchContext:
        if "launch/patient" not in scopes:
            return LaunchContext(self._user)
        if patient not in self._records.patients:
            raise BadRequest("Choose a patient.")
        encounter = self._records.open_encounter(patient) if "launch/encounter" in scopes else ""
        return LaunchContext(self._user, patient, encounter)

    def _page(self, grant: AuthorizationCodeGrant) -> Response:
        ticket, now, wanted = secrets.token_urlsafe(24), time.time(), _wanted()
        with self._lock:
            self._tickets = {name: each for name, each in self._tickets.items() if each[1] > now}
            self._tickets[ticket] = (wanted, now + TICKET_SECONDS)
        scopes = grant.request.scope.split()
        choices = list(self._records.patients.values()) if "launch/patient" in scopes else []
        page = make_response(
            render_template(
                "consent.html", client=grant.client, scopes=scopes, patients=choices, ticket=ticket, query=wanted
            )
        )
        page.headers["Content-Security-Policy"] = _policy(grant.redirect_uri)
        return page


def _told(server: Any, error: OAuth2Error) -> Response:
    response: Response = server.send_back(error)
    return response


def _granted(server: Any, grant: AuthorizationCodeGrant, context: LaunchContext | None) -> Response:
    response: Response = server.create_authorization_response(grant.request, context, grant)
    return response


def _wanted() -> str:
    """The authorization request itself, without the answers of the page, as a query string in one order."""
    return urlencode(sorted((name, value) for name, value in request.values.items() if name not in ANSWERS))


def _policy(redirect_uri: str) -> str:
    """A browser holds form-action against the redirect that follows the form, so the app's origin stands in it."""
    parts = urlsplit(redirect_uri)
    origin = f"{parts.scheme}://{parts.netloc}"
    rest = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    return f"{rest}; form-action 'self' {origin}"
