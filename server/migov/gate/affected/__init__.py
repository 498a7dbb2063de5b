"""What a change can affect, and pySHACL's word on that alone.

`validate_change` tells what a change introduces, leaves and fixes, and its cost grows with the
change: each changed triple is walked back along every path of every shape to the focus nodes that
read it, their neighbourhood becomes a plain graph of rdflib, and pySHACL judges those pairs of
shape and node. What SPARQL constraints and recursive shapes read cannot be told: they are judged
on the whole graph, and the result says so.
"""

from migov.gate.affected.change import Comparison, Whole, validate_change
from migov.gate.affected.compare import Names, fingerprint
from migov.gate.affected.index import Index, Overlay, PlainIndex
from migov.gate.affected.plan import Plan, make_plan
from migov.gate.affected.store import StoreIndex, written_forms

__all__ = [
    "Comparison",
    "Index",
    "Names",
    "Overlay",
    "PlainIndex",
    "Plan",
    "StoreIndex",
    "Whole",
    "fingerprint",
    "make_plan",
    "validate_change",
    "written_forms",
]
