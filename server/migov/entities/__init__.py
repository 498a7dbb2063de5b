"""What the graph says about one thing: its labels, its facts with who states each, its links."""

from migov.entities.claims import KEPT, Claim, Property, Source, Value
from migov.entities.describe import Description, Participation, describe, summaries
from migov.entities.graphs import statements_of_graph
from migov.entities.known import KnownTerms, Likeness
from migov.entities.labels import Label, labels
from migov.entities.lists import (
    Entry,
    Part,
    concepts_of,
    entities_of,
    graphs_of,
    instances_of,
    schemes,
)
from migov.entities.overview import Overview, overview
from migov.entities.rdf import quads_about, quads_of_graph, written
from migov.entities.terms import GraphTerms, NoSuchEntityError, short_name, suggestions

__all__ = [
    "KEPT",
    "Claim",
    "Description",
    "Entry",
    "GraphTerms",
    "KnownTerms",
    "Label",
    "Likeness",
    "NoSuchEntityError",
    "Overview",
    "Part",
    "Participation",
    "Property",
    "Source",
    "Value",
    "concepts_of",
    "describe",
    "entities_of",
    "graphs_of",
    "instances_of",
    "labels",
    "overview",
    "quads_about",
    "quads_of_graph",
    "schemes",
    "short_name",
    "statements_of_graph",
    "suggestions",
    "summaries",
    "written",
]
