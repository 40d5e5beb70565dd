"""The addresses of launch and page as a Flask blueprint: launch, callback, choice of an EHR, our keys, logout."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from urllib.parse import parse_qsl, quote, urlsplit

import orjson
from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException

from ehr_access.apps import registration
from ehr_access.registry import TrustedEhr
from smart_app.begin import Departure, begin_alone, begin_from_ehr, only
from smart_app.browser import handle_of, new_handle, set_handle
from smart_app.callback import Answer, finish
from smart_app.closing import close
from smart_app.ehr_style import style_sheet
from smart_app.errors import (
    LaunchRequestError,
    PageError,
    PageFaultError,
    PageGoneError,
    PageMethodError,
    StorageBlockedError,
)
from smart_app.headers import protect
from smart_app.opening import check_csrf, opened
from smart_app.page import View
from smart_app.page_routes import add_page_routes
from smart_app.ports import SmartPorts
from smart_app.rendering import render

HTML = "text/html; charset=utf-8"
SEE_OTHER = 303
FORM_BYTES = 64 * 1024
PARTS = {"rpild-summary": "#standing", "rpild-trend": "#trends"}  # what an EHR may open the page for (`intent`)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
KEYS_SECONDS = 300


def create_smart_blueprint(ports: SmartPorts) -> Blueprint:
    """Everything below /smart and /app; every refusal is a page."""
    blueprint = Blueprint("smart", __name__)
    add = blueprint.add_url_rule
    add("/smart/launch", "launch", partial(launch, ports=ports), methods=["GET"])
    add("/smart/standalone", "standalone", partial(standalone, ports=ports), methods=["GET"])
    add("/smart/callback", "callback", partial(callback, name="", ports=ports), methods=["GET"])
    add("/smart/callback/<name>", "callback_of", partial(callback, ports=ports), methods=["GET"])
    add("/smart/jwks.json", "keys", partial(keys, ports=ports), methods=["GET"])
    add("/app/<launch_id>/logout", "logout", partial(logout, ports=ports), methods=["POST"])
    add("/app/<launch_id>/style.css", "style", partial(style, ports=ports), methods=["GET"])
    add("/app/<launch_id>", "slash", lambda launch_id: _away(f"/app/{quote(launch_id)}/"), methods=["GET"])
    add_page_routes(blueprint, ports)
    for path in ("/smart/<path:_rest>", "/app/<path:_rest>"):
        add(path, f"nowhere{path[:5]}", nowhere, methods=METHODS)
    blueprint.errorhandler(PageError)(partial(error_page, ports=ports))
    blueprint.errorhandler(HTTPException)(partial(http_error_page, ports=ports))
    blueprint.before_request(_limit_forms)
    blueprint.after_request(partial(_finish, ports=ports))
    return blueprint


def launch(ports: SmartPorts) -> Response:
    """A launch from a chart."""
    iss = only(request.args.getlist("iss"), "iss")
    token = only(request.args.getlist("launch"), "launch")
    handle = handle_of(ports.cookie) or new_handle()
    return _send(*begin_from_ehr(iss, token, handle, ports), handle, ports)


def standalone(ports: SmartPorts) -> Response:
    """A launch without a chart: the list of EHRs, or off to the one that was chosen."""
    name = only(request.args.getlist("ehr"), "ehr")
    if not name:
        apps = [each for each in ports.ehrs.registry.ehrs if each.smart]
        choices = [(each.name, registration(each).title) for each in apps]
        return _page("standalone.html", ports, choices=choices)
    handle = handle_of(ports.cookie) or new_handle()
    return _send(*begin_alone(name, handle, ports), handle, ports)


def _send(ehr: TrustedEhr, departure: Departure, handle: str, ports: SmartPorts) -> Response:
    g.ehr = ehr.name
    if departure.post:
        address, _, query = departure.address.partition("?")
        g.form_targets = (_origin(address), "https:")  # browsers hold the EHR's own redirects to a sign-in to it too
        answer = _page("leaving.html", ports, action=address, fields=parse_qsl(query, keep_blank_values=True))
    else:
        answer = Response(status=SEE_OTHER, headers={"Location": departure.address})
    set_handle(answer, ports.cookie, handle)
    return answer


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def callback(name: str, ports: SmartPorts) -> Response:
    """The EHR's answer; then the page, without code and state in its address."""
    values = [only(request.args.getlist(each), each) for each in ("state", "code", "error", "iss")]
    id, ehr, intent = finish(name, Answer(*values), handle_of(ports.cookie), ports)
    g.ehr = ehr.name
    ports.report("launched", ehr=ehr.name, correlation=_correlation())
    return _away(f"/app/{id}/{PARTS.get(intent, '')}")


def _away(path: str) -> Response:
    return Response(status=SEE_OTHER, headers={"Location": path})


def keys(ports: SmartPorts) -> Response:
    """The public keys of this app."""
    answer = Response(orjson.dumps(ports.ehrs.keys.public()), content_type="application/json")
    answer.headers["Cache-Control"] = f"public, max-age={KEYS_SECONDS}"
    return answer


def style(launch_id: str, ports: SmartPorts) -> Response:
    """The EHR's own colours and fonts, as far as they are safe; an empty sheet where there are none."""
    seen = opened(launch_id, ports)
    found = ports.ehrs.style(seen.ehr, seen.launch.server, seen.launch.style)
    return Response(style_sheet(found), content_type="text/css; charset=utf-8")


def nowhere(_rest: str) -> Response:
    """Every other address below /smart and /app, and every method that an address does not take."""
    if request.method not in {"GET", "HEAD"}:
        raise PageMethodError(f"Nothing here takes {request.method}.")
    raise PageGoneError("There is nothing at this address.")


def _limit_forms() -> None:
    request.max_content_length = FORM_BYTES


def logout(launch_id: str, ports: SmartPorts) -> Response:
    """The end of one page: its launch is forgotten and its tokens are given back."""
    seen = opened(launch_id, ports)
    check_csrf(seen, request.form)
    close(seen, ports)
    answer = _page("closed.html", ports)
    # Not its cookies: they bind the other open pages of this browser too, and say nothing by themselves.
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def error_page(error: PageError, ports: SmartPorts) -> Response:
    """A coded error as a page; `new_tab` starts a new launch where the browser keeps nothing in frames."""
    ehr = error.ehr or g.get("ehr", "")
    g.ehr = ehr
    place = {"at": error.at} if error.at else {}
    ports.report("refused", code=error.code, status=error.status, ehr=ehr, correlation=_correlation(), **place)
    if error.audited:
        ports.audit("refused", ehr, code=error.code, correlation=_correlation(), **place)
    new_tab = f"/smart/standalone?ehr={quote(ehr)}" if isinstance(error, StorageBlockedError) else ""
    answer = _page("error.html", ports, error=error, new_tab=new_tab, correlation=_correlation())
    answer.status_code = error.status
    return answer


def http_error_page(problem: HTTPException, ports: SmartPorts) -> Response:
    """What the web framework refuses, and faults of ours, as the same pages."""
    cause = getattr(problem, "original_exception", None)
    if cause is not None or problem.code is None or problem.code >= PageFaultError.status:
        ports.report("fault", fault=ports.place_of(cause or problem), correlation=_correlation())
        return error_page(PageFaultError("The service failed while it made this page."), ports)
    return error_page(LaunchRequestError("The request could not be read."), ports)


def _page(template: str, ports: SmartPorts, **values: object) -> Response:
    return Response(render(template, view=View(asset=ports.asset), **values), content_type=HTML)


def _correlation() -> str:
    return str(g.get("correlation", ""))


def _finish(answer: Response, ports: SmartPorts) -> Response:
    return protect(answer, _ancestors(ports), g.get("form_targets", ()))


def _ancestors(ports: SmartPorts) -> Iterable[str]:
    """Who may frame it: the EHR that it is about; an error about none may be seen in the frame of any of them."""
    ehr = ports.ehrs.find(g.get("ehr", ""))
    apps = [ehr] if ehr else [each for each in ports.ehrs.registry.ehrs if each.smart]
    return {origin for each in apps for origin in each.origins}
