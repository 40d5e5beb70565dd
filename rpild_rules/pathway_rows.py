"""The shapes of the rows behind the pathway's picture, and of the source attributes of the card families."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from rpild_rules.rows import one_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node of one of the two source graphs and the stages that it became. The id is graph.node."""

    id: str
    text: str
    stages: tuple[str, ...] = field(metadata={"link": "stage"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """An inferred edge between two nodes of a graph."""

    id: str
    start: str = field(metadata={"link": "node"})
    end: str = field(metadata={"link": "node"})
    kind: str = one_of("then", "beside", default="then")


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Where the two graphs differ, and what is done here."""

    id: str
    graphs: str
    ours: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRule:
    """A stage of the pathway: when a patient comes in, when out, what the page offers."""

    id: str
    entry: str
    exit: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A usual way from stage to stage and what opens it."""

    id: str
    start: str = field(metadata={"link": "stage"})
    end: str = field(metadata={"link": "stage"})
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One of the 13 source attributes of an evidence-based intervention."""

    id: str
    number: Decimal
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A family of cards and its answers to the 13 source attributes; the citations are those of its topics."""

    id: str
    title: str
    topics: tuple[str, ...] = field(metadata={"link": "topic"})
    developer: str
    funding: str
    release: str
    race: str
    ethnicity: str
    language: str
    sexual_orientation: str
    gender_identity: str
    sex: str
    date_of_birth: str
    social_determinants: str
    health_status: str
