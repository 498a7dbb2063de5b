"""The files of this machine → a SPARQL store elsewhere, as far as it holds something else."""

from migov.publishing.plan import Plan, plan_for
from migov.publishing.publication import Publication, Report
from migov.publishing.sending import Sender
from migov.publishing.wanted import Wanted, wanted_now
from migov.publishing.where import Endpoints, endpoints_of

__all__ = [
    "Endpoints",
    "Plan",
    "Publication",
    "Report",
    "Sender",
    "Wanted",
    "endpoints_of",
    "plan_for",
    "wanted_now",
]
