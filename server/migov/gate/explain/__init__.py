"""A finding of SHACL told to people: where, about what, what is expected, and how to mend it."""

from migov.gate.explain.explainer import Explainer

__all__ = ["Explainer"]
