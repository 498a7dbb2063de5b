"""Whether triples may join the graph: documents from outside, SHACL, structure, Turtle's layout.

Its modules are imported one by one, so that whoever formats a file does not wait for pySHACL:
`documents` (any RDF → quads → rdflib), `validation` (SHACL → `report`), `serialise` (reports as
JSON and Turtle), `structure` (what the files of the repository must keep beside SHACL) and
`turtle` (the house layout of Turtle files).
"""
