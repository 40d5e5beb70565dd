"""What a user can do on the chart page: open it, select and sign orders, take a suggestion, set a card aside."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from werkzeug.datastructures import MultiDict

from ehr_sandbox.cds_client import ServiceError
from ehr_sandbox.charting import PRACTITIONER
from ehr_sandbox.clock import Clock, instant
from ehr_sandbox.exchanges import Exchange
from ehr_sandbox.fhir_json import Json, as_list
from ehr_sandbox.hook_calls import HOOKS, HookCaller
from ehr_sandbox.order_pad import DraftError, catalogue, draft, placed, suggested_draft
from ehr_sandbox.records import OWN

READER = re.compile(rf"{PRACTITIONER}-[0-9a-f]{{12}}")
FORGOTTEN = "This card is no longer in memory. Open the chart or sign again to get it anew."


class ActionError(ValueError):
    """A request that the chart page does not offer; the text is fit to show."""


@dataclass
class Desk:
    """The state of the page, carried by its one form: ticked orders, suggested drafts, exchanges on show, a message.

    `reader` is new whenever a chart is opened: a decision support service does not repeat a card to one user within a
    day, and a demo is to show its cards each time.
    """

    patient: str
    reader: str
    orders: list[str] = field(default_factory=list)
    suggested: list[Json] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    message: str = ""


def desk_of(caller: HookCaller, patient: str, form: MultiDict[str, str]) -> Desk:
    """The state that a form or query carries. Raises ActionError for an order that is not in the catalogue."""
    orders = [order for text in form.getlist("order") for order in text.split(",") if order]
    unknown = [order for order in orders if order not in catalogue()]
    if unknown:
        raise ActionError(f"There is no order {unknown[0]!r} on the pad. Orders are: {', '.join(catalogue())}.")
    try:
        suggested = [suggested_draft(text, patient, number) for number, text in enumerate(form.getlist("draft"), 1)]
    except DraftError as problem:
        raise ActionError(str(problem)) from problem
    known = [caller.exchanges.find(identity) for identity in form.getlist("exchange")]
    reader = form.get("reader", "")
    reader = reader if READER.fullmatch(reader) else f"{PRACTITIONER}-{secrets.token_hex(6)}"
    return Desk(patient, reader, orders, suggested, [each for each in known if each and _about(each, patient)])


def _about(exchange: Exchange, patient: str) -> bool:
    return bool(exchange.request.get("context", {}).get("patientId", patient) == patient)


def act(caller: HookCaller, desk: Desk, wish: str, form: MultiDict[str, str]) -> None:
    """Do what the pressed button says.

    A hook's name, `place`, `new-results`, `accept:exchange:card:suggestion` or `override:exchange:card`.
    Raises ActionError.
    """
    verb, *names = wish.split(":")
    if verb in HOOKS and not names:
        return _fire(caller, desk, verb)
    if verb == "accept" and len(names) == 3:
        return _accept(caller, desk, names)
    if verb == "override" and len(names) == 2:
        return _override(caller, desk, names, form)
    if wish in WITHOUT_CALL:
        return WITHOUT_CALL[wish](caller, desk)
    raise ActionError(f"The page knows no action {wish!r}. Hooks are: {', '.join(HOOKS)}.")


def _fire(caller: HookCaller, desk: Desk, hook: str) -> None:
    """Call the hook; a new order event replaces the older order events, the chart's own cards stay below.

    What was said while the order was built stays at signing, unless it is said again.
    """
    drafts = drafts_of(caller, desk)
    if hook == "order-sign" and not drafts:
        desk.message = "Nothing to sign: tick at least one order."
        return
    kept = [each for each in desk.exchanges if hook != "patient-view" and each.hook == "patient-view"]
    if hook == "order-select" and not drafts:
        desk.exchanges = kept
        return
    selections = [f"{each['resourceType']}/{each['id']}" for each in drafts]
    caller = replace(caller, user=desk.reader)
    said = caller.fire(hook, desk.patient, drafts, selections)
    built = [each for each in desk.exchanges if hook == "order-sign" and each.hook == "order-select" and each.cards]
    again = {topic for each in said for topic in _topics(each)}
    desk.exchanges = [*said, *(each for each in built if not _topics(each) & again), *kept]
    if hook == "order-sign":
        orders = "1 order" if len(drafts) == 1 else f"{len(drafts)} orders"
        desk.message = f"Sign was pressed for {orders}. They stay on the pad; suggested orders can be placed."


def _topics(exchange: Exchange) -> set[str]:
    return {str(card.get("source", {}).get("topic", {}).get("code")) for card in exchange.cards}


def drafts_of(caller: HookCaller, desk: Desk) -> list[Json]:
    """Everything on the pad, as it goes into the hook call."""
    now = instant(caller.records.now())
    return [*(draft(order, desk.patient, now) for order in dict.fromkeys(desk.orders)), *desk.suggested]


def _find(desk: Desk, exchange: str, card: str) -> tuple[Exchange, Json] | None:
    for each in desk.exchanges:
        found = each.card(card) if each.id == exchange else None
        if found:
            return each, found
    desk.message = FORGOTTEN
    return None


def _accept(caller: HookCaller, desk: Desk, names: list[str]) -> None:
    """Put a suggestion's drafts on the pad and tell the service."""
    found = _find(desk, names[0], names[1])
    if not found:
        return
    exchange, card = found
    first = len(desk.suggested) + 1
    try:
        fresh = [
            suggested_draft(each, desk.patient, number) for number, each in enumerate(_created(card, names[2]), first)
        ]
    except DraftError as problem:
        desk.message = f"Not added: {problem}."
        return
    desk.suggested += fresh
    exchange.answered[f"{names[1]}/{names[2]}"] = "added"
    desk.message = "Added to the order pad; not signed yet." + _told(lambda: caller.accept(exchange, card, names[2]))


def _place(caller: HookCaller, desk: Desk) -> None:
    """Put the suggested examinations on record as active orders; nothing else that a card may suggest."""
    mine = [each for each in desk.suggested if each["resourceType"] == "ServiceRequest"]
    desk.suggested = [each for each in desk.suggested if each not in mine]
    for order in mine:
        caller.records.put(placed(order, instant(caller.records.now())), OWN)
    orders = "1 suggested order was" if len(mine) == 1 else f"{len(mine)} suggested orders were"
    desk.message = f"{orders} placed. Open the chart again: the open orders show it, and the advice takes it in."


def _arrive(caller: HookCaller, desk: Desk) -> None:
    """New results come from the laboratory; nobody asks the service by that."""
    coming = caller.records.patients[desk.patient].arriving(Clock(caller.records.now()))
    for result in coming:
        caller.records.put(result, OWN)
    names = ", ".join(str(each["code"]["text"]) for each in coming)
    desk.message = f"New results: {names}. Sign again to have them judged." if coming else "No result is on its way."


def _created(card: Json, suggestion: str) -> list[Json]:
    """The resources that a suggestion would create."""
    chosen = [each for each in as_list(card.get("suggestions")) if each.get("uuid") == suggestion]
    actions = [action for each in chosen for action in as_list(each.get("actions"))]
    return [action.get("resource", {}) for action in actions if action.get("type") == "create"]


def _override(caller: HookCaller, desk: Desk, names: list[str], form: MultiDict[str, str]) -> None:
    """Set a card aside with the reason chosen, and tell the service."""
    found = _find(desk, names[0], names[1])
    if not found:
        return
    exchange, card = found
    code, comment = form.get(f"reason-{names[1]}", ""), form.get(f"comment-{names[1]}", "").strip()
    displays = {reason["code"]: reason["display"] for reason in as_list(card.get("overrideReasons"))}
    if code not in displays and not comment:
        desk.message = "Choose a reason, or write one, before you set the card aside."
        return
    exchange.answered[names[1]] = displays.get(code, "") or "other reason"
    desk.message = "Card set aside." + _told(lambda: caller.override(exchange, card, code, comment))


def _told(send: Callable[[], None]) -> str:
    """Feedback must never get in the user's way: a failure is said, not raised."""
    try:
        send()
    except ServiceError as problem:
        return f" Feedback was not delivered: {problem}."
    return ""


WITHOUT_CALL = {"place": _place, "new-results": _arrive}
