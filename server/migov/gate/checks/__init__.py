"""What SHACL does not see: files, names, literals, links, sources, people, duplicates.

Each module is one family and has one `check(context)`, a pure function of the files before and
after. A rule is named `migov:<slug>` for good.
"""

from __future__ import annotations

from migov.gate.checks.context import Context
from migov.gate.checks.run import FAMILIES, RULES, run
from migov.gate.checks.state import Files, State

__all__ = ["FAMILIES", "RULES", "Context", "Files", "State", "run"]
