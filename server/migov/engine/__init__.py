"""Runs a query against a snapshot, under a deadline, in a process that may be killed."""

from migov.engine.local import LocalEngine
from migov.engine.operations import Answer, Engine, Kind, Limits, Load, Query
from migov.engine.published import Published
from migov.engine.rows import Row, ask, construct, each, select
from migov.engine.scratch import ScratchEngine

__all__ = [
    "Answer",
    "Engine",
    "Kind",
    "Limits",
    "Load",
    "LocalEngine",
    "Published",
    "Query",
    "Row",
    "ScratchEngine",
    "ask",
    "construct",
    "each",
    "select",
]
