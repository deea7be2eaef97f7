"""From another program's tree of nodes to a tree of messages: what is no message is passed over, an answer in pieces becomes one."""

from __future__ import annotations

from dataclasses import dataclass

from core.chat.conversation import Role, Text
from core.portability.chats import Turn


@dataclass
class Node:
    """Something in another program's tree; `turn` is what of it comes in, None: nothing."""

    key: str
    parent: str | None
    turn: Turn | None


def messages(nodes: list[Node], shown: str | None, *, join: bool = False) -> tuple[list[Turn], str | None]:
    """The messages of a tree, parents first, each below the nearest one above it that comes in, and the last one on screen.

    `join`: where an answer goes on in a node of its own (after a tool, after thinking) that is its only continuation, both are
    one. Where it is not said what is on screen (`shown`), it is the branch with the latest message.
    """
    by_key: dict[str, Node] = {}
    for node in nodes:
        by_key.setdefault(node.key, node)
    known: dict[str, str | None] = {}
    above = {key: _nearest(node.parent, by_key, known) for key, node in by_key.items()}
    kept = {key: node.turn for key, node in by_key.items() if node.turn is not None}
    children: dict[str | None, list[str]] = {}
    for key in kept:
        children.setdefault(above[key], []).append(key)
    for versions in children.values():  # the oldest first, where it is known of all
        if all(kept[key].created for key in versions):
            versions.sort(key=lambda key: kept[key].created)
    joined: dict[str, str] = {}  # a node, and the one whose message it became a part of
    found: list[Turn] = []
    begun: set[str] = set()
    # Messages that go round in a circle hang from nothing: each circle is begun at the first of it that was given.
    for first in [*children.get(None, []), *kept]:
        if first not in begun:
            _walk(first, above, kept, children, begun, joined if join else None, found)
    last = _nearest(shown, by_key, known) if shown is not None else None
    if last is None and kept:
        last = max(
            (key for key in kept if key not in children), key=lambda key: kept[key].created, default=None
        )
    return found, joined.get(last, last) if last is not None else None


def _walk(
    first: str,
    above: dict[str, str | None],
    kept: dict[str, Turn],
    children: dict[str | None, list[str]],
    begun: set[str],
    joined: dict[str, str] | None,
    found: list[Turn],
) -> None:
    waiting = [first]
    while waiting:
        key = waiting.pop()
        if key in begun:
            continue
        begun.add(key)
        turn, after = kept[key], children.get(key, [])
        turn.key = key
        parent = above[key]
        turn.parent = (joined or {}).get(parent, parent) if parent is not None and key != first else None
        found.append(turn)
        while (
            joined is not None
            and turn.role is Role.ASSISTANT
            and len(after) == 1
            and kept[after[0]].role is Role.ASSISTANT
        ):
            if after[0] in begun:
                break
            _join(turn, kept[after[0]])
            begun.add(after[0])
            joined[after[0]] = key
            after = children.get(after[0], [])
        waiting += reversed(after)


def _nearest(key: str | None, nodes: dict[str, Node], known: dict[str, str | None]) -> str | None:
    """The first node from this one upwards that comes in; None where there is none, or where it goes round in a circle."""
    seen: list[str] = []
    there: set[str] = set()
    found: str | None = None
    while key is not None and key in nodes and key not in there:
        if nodes[key].turn is not None:
            found = key
            break
        if key in known:
            found = known[key]
            break
        seen.append(key)
        there.add(key)
        key = nodes[key].parent
    known.update(dict.fromkeys(seen, found))
    return found


def _join(turn: Turn, more: Turn) -> None:
    words = "\n\n".join(filter(None, (turn.text, more.text)))
    others = [part for part in (*turn.parts, *more.parts) if not isinstance(part, Text)]
    turn.parts = [*([Text(words)] if words else []), *others]
    turn.thinking = "\n\n".join(filter(None, (turn.thinking, more.thinking)))
    turn.model = more.model or turn.model
    turn.created = turn.created or more.created
