"""Statements → text in the house style.

Statements stay where their author put them, with the comments above them. Inside a statement,
predicates and objects have one order. A line has at most a hundred characters, unless a single
literal is longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from migov.dataset.turtle.blocks import Blank, Block, Collection, Node, Pair, Term
from migov.dataset.turtle.order import object_key, predicate_key

WIDTH = 100
_STEP = "    "
_TRIPLE = ("rdf:subject", "rdf:predicate", "rdf:object")


def lay_out(blocks: Sequence[Block]) -> str:
    """Return the text of a whole file."""
    lines: list[str] = []
    previous: Block | None = None
    for block in _with_sorted_prefixes(blocks):
        lead = list(block.lead)
        if previous is not None and bool(previous.directive) != bool(block.directive):
            lead = lead if lead[:1] == [""] else ["", *lead]
        elif previous is None and lead[:1] == [""]:
            lead = lead[1:]
        is_end = not block.directive and block.subject is None
        if is_end and lead[-1:] == [""]:
            lead = lead[:-1]
        lines += lead
        if not is_end:
            lines.append(_block(block) + (f" {block.trail}" if block.trail else ""))
        previous = block
    return "".join(f"{line}\n" for line in lines)


def _with_sorted_prefixes(blocks: Sequence[Block]) -> list[Block]:
    """Sort each run of directives where the order means nothing and no comment stands inside."""
    result: list[Block] = []
    run: list[Block] = []
    for block in blocks:
        if block.directive and run and not any(block.lead):
            run.append(block)
            continue
        result += _sorted_run(run)
        run = [block] if block.directive else []
        if not run:
            result.append(block)
    return result + _sorted_run(run)


def _sorted_run(run: list[Block]) -> list[Block]:
    names = [block.directive[:2] if block.directive[0] == "prefix" else ("base",) for block in run]
    independent = len(set(names)) == len(names) and all(":" in block.directive[-1] for block in run)
    if len(run) < 2 or not independent or any(block.trail for block in run):
        return run
    lead = run[0].lead
    ordered = sorted(run, key=lambda block: block.directive)
    for block in ordered:
        block.lead = []
    ordered[0].lead = lead
    return ordered


def _block(block: Block) -> str:
    if block.verbatim:
        return block.verbatim
    if block.directive:
        return f"@{' '.join(block.directive)} ."
    assert block.subject is not None
    return statement(block.subject, block.pairs)


def statement(subject: Node, pairs: Iterable[Pair]) -> str:
    """Return one statement in the house style, without its line's end."""
    ordered = _ordered(pairs)
    head = _node((subject, flat(subject)), "", WIDTH - 2)
    if not ordered:
        return f"{head} ."
    first, *rest = ordered
    if first[0].text in ("a", "rdf:type") or not rest:
        opening = f"{head} {_pair(first, '', WIDTH - len(head) - 3)}"
        return " ;\n".join([opening, *_lines(rest, _STEP)]) + " ."
    return f"{head}\n" + " ;\n".join(_lines(ordered, _STEP)) + " ."


Spelt = tuple[Node, str]
"""A node and its text on one line, made once: made anew at each level, depth would double it."""
Ordered = tuple[Term, tuple[Spelt, ...]]


def _ordered(pairs: Iterable[Pair]) -> list[Ordered]:
    """Join the pairs of one predicate, and put predicates and objects in their order."""
    merged: dict[str, tuple[Term, list[Node]]] = {}
    for pair in pairs:
        merged.setdefault(pair.predicate.text, (pair.predicate, []))[1].extend(pair.objects)
    result = []
    for _, (predicate, objects) in sorted(merged.items(), key=lambda item: predicate_key(item[0])):
        # Two terms spelt alike are one; two blank nodes or lists are two.
        distinct: dict[str | int, Node] = {
            node.text if isinstance(node, Term) else at: node for at, node in enumerate(objects)
        }
        spelt = [(node, flat(node)) for node in distinct.values()]
        result.append((predicate, tuple(sorted(spelt, key=lambda each: object_key(each[1])))))
    return result


def _lines(pairs: Sequence[Ordered], indent: str) -> list[str]:
    """Return one text per predicate; the three parts of a statement about a triple share a line."""
    texts = [indent + _pair(pair, indent, WIDTH - len(indent) - 2) for pair in pairs]
    if tuple(pair[0].text for pair in pairs[:3]) == _TRIPLE:
        for count in (3, 2):
            joined = indent + " ; ".join(text.strip() for text in texts[:count])
            if "\n" not in joined and len(joined) <= WIDTH - 2:
                return [joined, *texts[count:]]
    return texts


def _pair(pair: Ordered, indent: str, room: int) -> str:
    predicate, objects = pair
    name = predicate.text
    on_one_line = f"{name} " + " , ".join(text for _, text in objects)
    if len(on_one_line) <= room and not _wants_lines(objects):
        return on_one_line
    if all(isinstance(node, Blank) for node, _ in objects):
        return f"{name} " + " , ".join(_node(spelt, indent, 0) for spelt in objects)
    if len(objects) == 1:
        return f"{name} {_node(objects[0], indent, room - len(name) - 1)}"
    inner = indent + _STEP if indent else _STEP * 2
    texts = [inner + _node(spelt, inner, WIDTH - len(inner) - 2) for spelt in objects]
    return f"{name}\n" + " ,\n".join(texts)


def _wants_lines(objects: Sequence[Spelt]) -> bool:
    """Labels in several languages are compared line by line, and so stand on lines of their own."""
    return len(objects) > 1 and any(
        isinstance(node, Blank) or (isinstance(node, Term) and '"@' in node.text)
        for node, _ in objects
    )


def _node(spelt: Spelt, indent: str, room: int) -> str:
    node, text = spelt
    if len(text) <= room or isinstance(node, Term):
        return text
    inner = indent + _STEP
    if isinstance(node, Collection):
        if not node.items:
            return text
        room = WIDTH - len(inner)
        items = [inner + _node((item, flat(item)), inner, room) for item in node.items]
        return "(\n" + "\n".join(items) + f"\n{indent})"
    if not node.pairs:
        return text
    return "[\n" + " ;\n".join(_lines(_ordered(node.pairs), inner)) + f"\n{indent}]"


def flat(node: Node) -> str:
    """Return a node on one line, in the order of the house."""
    if isinstance(node, Term):
        return node.text
    if isinstance(node, Collection):
        return f"( {' '.join(flat(item) for item in node.items)} )" if node.items else "()"
    pairs = [
        f"{predicate.text} {' , '.join(text for _, text in objects)}"
        for predicate, objects in _ordered(node.pairs)
    ]
    return f"[ {' ; '.join(pairs)} ]" if pairs else "[]"
