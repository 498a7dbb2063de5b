"""Pictures of answers, as SVG made on the server: maps, timelines, networks, charts, matrices."""

from migov.web.drawing.chart import Bar, chart
from migov.web.drawing.matrix import Cell, matrix
from migov.web.drawing.network import Edge, network
from migov.web.drawing.svg import Picture, standalone, within_a_page
from migov.web.drawing.timeline import Span, timeline
from migov.web.drawing.worldmap import Arc, Area, worldmap

__all__ = [
    "Arc",
    "Area",
    "Bar",
    "Cell",
    "Edge",
    "Picture",
    "Span",
    "chart",
    "matrix",
    "network",
    "standalone",
    "timeline",
    "within_a_page",
    "worldmap",
]
