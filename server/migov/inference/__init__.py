"""What follows from the asserted graphs: the OWL 2 RL closure, then rules, until nothing is new."""

from migov.inference.derive import Rule, derive, read_rules

__all__ = ["Rule", "derive", "read_rules"]
