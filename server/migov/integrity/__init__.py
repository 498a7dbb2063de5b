"""Is everything as it was written? The files, their history, what is derived, and the tokens."""

from migov.integrity.examine import Examined, examine, repair
from migov.integrity.model import Damage

__all__ = ["Damage", "Examined", "examine", "repair"]
