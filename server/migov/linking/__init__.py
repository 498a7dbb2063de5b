"""Which things elsewhere are which of ours: likeness with its reasons, and what follows from it."""
