"""The demo EHR as a Flask application: wiring only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from ehr_sandbox.access_log import AccessLog
from ehr_sandbox.app_routes import app_blueprint
from ehr_sandbox.authorization.access import open_gate, token_gate
from ehr_sandbox.authorization.authorization_server import Site, SmartServer
from ehr_sandbox.authorization.call_tokens import call_access
from ehr_sandbox.authorization.clients import Client
from ehr_sandbox.authorization.consent import Consents
from ehr_sandbox.authorization.launching import Launcher
from ehr_sandbox.authorization.routes import authorization_blueprint
from ehr_sandbox.authorization.smart_configuration import smart_configuration
from ehr_sandbox.call_routes import call_blueprint
from ehr_sandbox.cds_client import CdsClient
from ehr_sandbox.charting import PRACTITIONER, load_patients
from ehr_sandbox.clock import utc_now
from ehr_sandbox.exchanges import Exchanges
from ehr_sandbox.fault_routes import fault_blueprint
from ehr_sandbox.faults import FaultError, Faults
from ehr_sandbox.fhir_json import outcome
from ehr_sandbox.fhir_routes import Door, answer, fhir_blueprint
from ehr_sandbox.hook_calls import HookCaller
from ehr_sandbox.page_routes import error_page, page_blueprint
from ehr_sandbox.records import Records
from ehr_sandbox.signing import KEYS_PATH, Signer
from ehr_sandbox.tour import tour_blueprint
from ehr_sandbox.write_routes import add_writing

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def create_sandbox(
    cds_url: str, base_url: str, now: Callable[[], datetime] = utc_now, clients: tuple[Client, ...] = ()
) -> Flask:
    """The demo EHR that calls the CDS service at `cds_url` and is itself reached at `base_url`.

    FHIR stands under /fhir for who has a token, and read-only for everybody under /open/fhir; `clients` are the apps
    and services that may ask for tokens. `app.extensions["launcher"]` opens apps. The CDS service need not be up yet:
    it is asked for its hooks when a chart is opened.
    """
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # FHIR reads best in its own order
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    site, records = Site(base_url.rstrip("/")), Records(load_patients(), now)
    signer = Signer(site.base, rsa=any(each.signed_with == "RS256" for each in clients))
    server = SmartServer(site, clients, signer)
    launcher = Launcher(server, records, PRACTITIONER)
    caller = HookCaller(CdsClient(cds_url, signer), records, Exchanges(), site.fhir, access=call_access(server.store))
    app.extensions["launcher"] = launcher
    app.add_url_rule(KEYS_PATH, "keys", signer.keys)
    app.register_blueprint(authorization_blueprint(server, launcher, Consents(records, PRACTITIONER), error_page))
    app.register_blueprint(fault_blueprint(server.faults, signer))
    log = AccessLog()
    _open_doors(app, records, server, log)
    app.register_blueprint(page_blueprint(caller))
    app.register_blueprint(app_blueprint(launcher, caller.exchanges))
    app.register_blueprint(call_blueprint(caller, log))
    app.register_blueprint(tour_blueprint())
    _finish(app, cds_url, sorted({urlsplit(each.launch_url).netloc for each in clients if each.launch_url}))
    return app


def _open_doors(app: Flask, records: Records, server: SmartServer, log: AccessLog) -> None:
    """FHIR twice: behind tokens, with writing, a log and what the fault switches do; and open to read."""
    site = server.site
    configuration = smart_configuration(site.base, server.signer.algorithms)
    guarded = Door("fhir", "/fhir", site.fhir, token_gate(server.store), server.faults, configuration)
    fhir = fhir_blueprint(records, guarded)
    add_writing(fhir, records, guarded)
    log.watch(fhir)
    app.register_blueprint(fhir)
    app.register_blueprint(fhir_blueprint(records, Door("open", "/open/fhir", site.open, open_gate, Faults())))


def _policy(apps: list[str]) -> str:
    """Apps may stand in a frame of the chart; pages of sign-in may, inside such a frame; no other page anywhere."""
    around = "'self'" if request.path.startswith("/auth/") else "'none'"
    return f"{POLICY}; frame-src 'self' {' '.join(apps)}; frame-ancestors {around}"


def _finish(app: Flask, cds_url: str, apps: list[str]) -> None:
    @app.errorhandler(HTTPException)
    def nowhere(problem: HTTPException) -> Response | tuple[str, int]:
        """Addresses that no route knows: FHIR clients get an OperationOutcome, people a page."""
        status, text = problem.code or 500, problem.description or problem.name
        if request.path.startswith(("/fhir", "/open/fhir")):
            return answer(outcome("processing", text), status)
        return error_page(problem.name, text), status

    @app.errorhandler(FaultError)
    def unknown_fault(problem: FaultError) -> tuple[str, int]:
        return error_page("There is no such fault", str(problem)), 400

    @app.context_processor
    def shared() -> dict[str, str]:
        return {"cds_url": cds_url}

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", _policy(apps))
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if not request.path.startswith("/static"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response
