"""ServiceRequests to orders: every order and test concept they belong to, and the work-up items they fulfil."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fhir_mappings.code_tables import concepts_of, read_table
from fhir_mappings.datatypes import Concept
from fhir_mappings.measures import MARKS
from fhir_mappings.references import References
from fhir_mappings.structs import ServiceRequestIn
from fhir_mappings.subjects import reference_of
from fhir_mappings.words import class_named, named_in, plain, shown, texts_of
from rpild_rules.facts import Order

ITEMS = read_table("order_items")
CHEST_CT = frozenset(MARKS["concepts"]["chest_ct"])
OWN_TEXTS = {plain(table["text"]): item for item, table in ITEMS.items()}
BY_MEANING = {
    meaning: frozenset(item for item, table in ITEMS.items() if meaning in table["means"])
    for table in ITEMS.values()
    for meaning in table["means"]
}


def read_orders(requests: Iterable[ServiceRequestIn], refs: References, drafted: bool = False) -> Iterator[Order]:
    """All orders of a chart; those entered in error are left out."""
    for each in requests:
        if each.resource_type == "ServiceRequest" and each.status != "entered-in-error":
            yield _order(each, refs, drafted)


def order_concepts(code: Concept | None) -> frozenset[str]:
    """The order and test concepts of what is ordered."""
    named = frozenset(name for text in texts_of(code) for name in class_named(text))
    found = concepts_of(code) | named_in("serology", code) | named
    return found | {"ct-chest"} if found & CHEST_CT or named_in("scan", code) else found


def items_of(code: Concept | None, concepts: frozenset[str]) -> frozenset[str]:
    """The work-up items that an order answers: by its concepts, or because its text is that of our own draft."""
    own = (OWN_TEXTS.get(plain(text)) for text in texts_of(code))
    return frozenset(item for concept in concepts for item in BY_MEANING.get(concept, ())) | frozenset(
        filter(None, own)
    )


def _order(each: ServiceRequestIn, refs: References, drafted: bool) -> Order:
    concepts = order_concepts(each.code)
    return Order(
        concepts=concepts,
        status=each.status,
        authored=refs.read(each.authored_on),
        reference=reference_of(each),
        printed=shown(each.code),
        intent=each.intent or "order",
        do_not_perform=each.do_not_perform is True,
        drafted=drafted,
        items=items_of(each.code, concepts),
    )
