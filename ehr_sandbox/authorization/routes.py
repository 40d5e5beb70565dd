"""Addresses of the authorization server: authorize, token, introspect, revoke, and a launch from the chart."""

from __future__ import annotations

import json
from collections.abc import Callable

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from ehr_sandbox.authorization.authorization_server import SmartServer
from ehr_sandbox.authorization.consent import Consents
from ehr_sandbox.authorization.launching import Launcher, LaunchError
from ehr_sandbox.authorization.smart_configuration import smart_configuration
from ehr_sandbox.faults import Faults
from ehr_sandbox.fhir_json import Json

ErrorPage = Callable[[str, str], str]


def authorization_blueprint(server: SmartServer, launcher: Launcher, consents: Consents, page: ErrorPage) -> Blueprint:
    """Routes below /auth and the two discovery documents; `page` renders an error for people."""
    auth = Blueprint("authorization", __name__)

    @auth.get("/fhir/.well-known/smart-configuration")
    @auth.get("/.well-known/openid-configuration")
    def configuration() -> Response:
        if server.faults.get("no-configuration") is not None:
            raise NotFound("This EHR has no SMART configuration.")
        response = jsonify(_configuration(server))
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    @auth.route("/auth/authorize", methods=["GET", "POST"])
    def authorize() -> AnyResponse | str | tuple[str, int]:
        try:
            grant = server.get_consent_grant(end_user=launcher.user)
        except OAuth2Error as error:
            return _refused(server, error, page)
        except ValueError:  # Authlib: text that its error descriptions may not hold
            return page("This app cannot be opened", "The request holds characters that are not allowed."), 400
        return consents.answer(server, grant)

    @auth.get("/auth/launch/<patient>")
    def launch(patient: str) -> AnyResponse:
        try:
            address = launcher.launch_url(patient, request.args.get("appContext"), request.args.get("intent"))
        except LaunchError as problem:
            raise NotFound(str(problem)) from problem
        return redirect(address, 303)

    @auth.errorhandler(OAuth2Error)
    def refused(error: OAuth2Error) -> Response:
        return server.refuse(error)

    _add_endpoints(auth, server)
    return auth


def _add_endpoints(auth: Blueprint, server: SmartServer) -> None:
    @auth.post("/auth/token")
    def token() -> Response:
        return _ill_token(server.faults) or _unclear(server) or _patched(server, server.create_token_response())

    @auth.post("/auth/introspect")
    def introspect() -> Response:
        return _unclear(server) or server.create_endpoint_response("introspection")

    @auth.post("/auth/revoke")
    def revoke() -> Response:
        return _unclear(server) or server.create_endpoint_response("revocation")


def _unclear(server: SmartServer) -> Response | None:
    """The refusal of a parameter given twice, or in the address, before anything is looked at."""
    twice = any(len(values) > 1 for values in request.form.to_dict(flat=False).values())
    if not (request.args or twice):
        return None
    return server.refuse(InvalidRequestError("Send each parameter once, in the body of the form."))


def _patched(server: SmartServer, response: Response) -> Response:
    """The answer, with the fields that a fault puts in or takes out."""
    patch = server.faults.get("token-answer")
    if patch and response.status_code == 200:
        fields = response.get_json() | json.loads(patch)
        response.set_data(json.dumps({name: value for name, value in fields.items() if value is not None}))
    return response


def _ill_token(faults: Faults) -> Response | None:
    if faults.get("token-html") is not None:
        return Response("<!doctype html><title>Sign in</title>", 200, content_type="text/html")
    status = faults.get("token-error")
    return Response("", int(status)) if status else None


def _configuration(server: SmartServer) -> Json:
    told = smart_configuration(server.site.base, server.signer.algorithms)
    silent = "code_challenge_methods_supported" if server.faults.get("no-s256") is not None else ""
    return {name: value for name, value in told.items() if name != silent}


def _refused(server: SmartServer, error: OAuth2Error, page: ErrorPage) -> AnyResponse | tuple[str, int]:
    """Back to the app if its address is known to be right, else a page: nobody is sent to an unknown address."""
    if error.redirect_uri:
        return server.send_back(error)
    return page("This app cannot be opened", error.get_error_description() or error.error), 400
