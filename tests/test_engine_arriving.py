"""Requests in a worker's channel: in order, whole, and let off where they are not wanted."""

from __future__ import annotations

import socket
from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from migov.engine import frames
from migov.engine.arriving import Arriving

SKIP = None
"""Stands for the word that what came before is not wanted."""

texts = st.binary(max_size=300)
sent = st.lists(st.one_of(texts, st.just(SKIP)), max_size=12)
taken = st.lists(st.sampled_from(("next", "unwanted")), max_size=16)


def packed(text: bytes | None) -> bytes:
    return frames.SKIPPING if text is SKIP else frames.pack(frames.QUERY, text, text[:3], b"[]")


@given(sent, taken)
def test_each_is_answered_or_let_off_in_order(items: list[bytes | None], calls: list[str]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"".join(map(packed, items)))
        ours.shutdown(socket.SHUT_WR)
        arriving = Arriving(theirs)
        left = deque(items)
        for call in calls:
            if call == "next":
                while left and left[0] is SKIP:
                    left.popleft()
                expected = left.popleft() if left else None
                found = arriving.next()
                assert (found.text if found else None) == expected
                if found:
                    assert (found.prefixes, found.dataset) == (found.text[:3], b"[]")
            else:
                before = len([each for each in left if each is not SKIP])
                while SKIP in left:
                    left.popleft()
                assert arriving.unwanted() == before - len(left)


@given(texts, st.integers(1, 40))
def test_one_that_comes_in_pieces_is_whole(text: bytes, size: int) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        whole = packed(text) * 2
        for start in range(0, len(whole), size):
            ours.sendall(whole[start : start + size])
        arriving = Arriving(theirs)
        assert [request.text for request in (arriving.next(), arriving.next()) if request] == [
            text,
            text,
        ]
        assert arriving.unwanted() == 0


@given(texts, st.integers(1, 30))
def test_a_channel_that_ends_early_gives_no_half(text: bytes, missing: int) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(packed(text)[:-missing])
        ours.shutdown(socket.SHUT_WR)
        assert Arriving(theirs).next() is None
