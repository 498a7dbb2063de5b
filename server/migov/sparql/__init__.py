"""SPARQL text before any engine has it: its tokens, and what our own files may not ask."""
