"""What a clinician leaves on the page: statements, decisions about them, withdrawals, feedback. Forms come back as the
page: by a redirect when done, else with what was entered and what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Blueprint, Response, request

from fhir_mappings.attestations import CLINICIANS, TABLE
from rpild_rules.facts import PatientFacts
from rpild_rules.when import When
from smart_app.attest import Acts
from smart_app.attest_forms import Entered, read_entered
from smart_app.attest_panel import Again, unsaved
from smart_app.errors import FormError, PageError
from smart_app.feedback_panel import say_of_card
from smart_app.opening import Opened, check_csrf, opened
from smart_app.patient_chart import read_patient_chart
from smart_app.ports import SmartPorts

SEE_OTHER, UNPROCESSABLE = 303, 422
ShowAgain = Callable[[str, SmartPorts, Again], Response]
"""The page of a launch once more, with a form that could not be taken."""


def add_statement_routes(blueprint: Blueprint, ports: SmartPorts, show_again: ShowAgain) -> None:
    """The addresses that forms of the page are sent to."""
    add = blueprint.add_url_rule
    add("/app/<launch_id>/attest", "attest", partial(attest, ports=ports, show_again=show_again), methods=["POST"])
    for name, act in (("keep", keep), ("correct", correct), ("feedback", feedback)):
        add(f"/app/<launch_id>/{name}", name, partial(act, ports=ports), methods=["POST"])


def attest(launch_id: str, ports: SmartPorts, show_again: ShowAgain) -> Response:
    """A new statement; whatever fails, what was entered comes back."""
    acts = _acts(launch_id, ports)
    form, code = request.form.to_dict(), request.form.get("code", "")
    if code not in TABLE:
        raise FormError("The form names no statement of this page.", acts.seen.ehr.name)
    try:
        return _state(acts, code, form, show_again)
    except PageError as problem:
        problem.unsaved = unsaved(code, form, request.path)
        raise


def _state(acts: Acts, code: str, form: dict[str, str], show_again: ShowAgain) -> Response:
    launch_id, ports = acts.seen.launch.id, acts.ports
    entered = _entered(code, form, acts.seen, ports)
    if entered.errors:
        answer = show_again(launch_id, ports, Again(code, form, entered.errors))
        answer.status_code = UNPROCESSABLE
        return answer
    return _back(launch_id, acts.state(code, entered, form["key"]), "attest")


def _entered(code: str, form: dict[str, str], seen: Opened, ports: SmartPorts) -> Entered:
    """The chart is read only where the statement names CTs of it."""
    compares = TABLE[code].get("compares", False)
    facts = read_patient_chart(seen, ports).chart.facts if compares else PatientFacts()
    return read_entered(code, form, facts, When.at(ports.now(), ports.settings(seen.ehr.name).zone))


def keep(launch_id: str, ports: SmartPorts) -> Response:
    """What to do with a statement that the EHR did not take."""
    acts = _acts(launch_id, ports)
    return _back(launch_id, acts.decide(request.form.get("statement", ""), request.form.get("what", "")), "attest")


def correct(launch_id: str, ports: SmartPorts) -> Response:
    """Withdraw a statement as entered in error."""
    acts = _acts(launch_id, ports)
    return _back(launch_id, acts.withdraw(request.form.get("statement", "")), "attest")


def feedback(launch_id: str, ports: SmartPorts) -> Response:
    """What became of a card."""
    seen = opened(launch_id, ports)
    check_csrf(seen, request.form)
    return _back(launch_id, say_of_card(seen, ports, request.form), "feedback")


def _acts(launch_id: str, ports: SmartPorts) -> Acts:
    """What this user may do; raises FormError for a foreign form and for a user who attests nothing."""
    seen = opened(launch_id, ports)
    check_csrf(seen, request.form)
    if ports.statements is None or not seen.launch.user.startswith(CLINICIANS):
        raise FormError("Nobody who may state something is signed in, or nothing can be kept.", seen.ehr.name)
    return Acts(seen, ports, ports.statements, ports.writer)


def _back(launch_id: str, done: str, section: str) -> Response:
    """To the page, read and assessed anew, at the word on how it ended."""
    place = f"?done={done}#{section}-done" if done else f"#{section}"
    return Response(status=SEE_OTHER, headers={"Location": f"/app/{launch_id}/{place}"})
