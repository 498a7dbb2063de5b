"""Pages of rows, and the links from one to the next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migov import errors
from migov.protocol.paging import Page, link_header, links, read_page


class TestPaging:
    @pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5", "99999999", "٣", "1e3"])
    def test_wrong_limits(self, limit: str) -> None:
        with pytest.raises(errors.ParameterError, match="limit"):
            read_page(limit, None, 10)

    @given(st.integers(1, 50), st.integers(0, 200))
    def test_following_next_reads_every_row_once(self, limit: int, total: int) -> None:
        rows = list(range(total))
        page, read = Page(limit), []
        while True:
            read += rows[page.offset : page.offset + page.limit]
            more = page.after.offset < total
            addresses = links(page, more, "/queries/x", {"a": "b c"})
            assert ("next" in addresses) == more
            assert ("prev" in addresses) == (page.offset > 0)
            if not more:
                break
            page = page.after
        assert read == rows

    def test_header(self) -> None:
        header = link_header(links(Page(5, 5), True, "/q", {"x": "1"}))
        assert header == (
            '</q?x=1&limit=5&offset=0>; rel="first", </q?x=1&limit=5&offset=0>; rel="prev", '
            '</q?x=1&limit=5&offset=10>; rel="next"'
        )
