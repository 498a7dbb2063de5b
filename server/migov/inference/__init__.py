"""What follows from the asserted graphs: the OWL 2 RL closure, then rules, until nothing is new."""

from migov.inference.derive import Premises, Rule, close_fast, derive, entails, read_rules

__all__ = ["Premises", "Rule", "close_fast", "derive", "entails", "read_rules"]
