"""The endpoints of the settings: how they are written, and which addresses are private."""

from __future__ import annotations

from pathlib import Path

import pytest

from migov.endpoints import Endpoint, endpoints_of
from migov.errors import EnvironmentProblem
from migov.federation.address import is_public
from migov.settings import Settings


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::808:808", True),
        ("2002:a00:1::", False),
    ],
)
def test_private_addresses_are_known_in_every_wrapping(address: str, public: bool) -> None:
    assert is_public(address) is public


class TestSettings:
    def test_a_list_and_a_file_say_the_same(self, tmp_path: Path) -> None:
        file = tmp_path / "endpoints"
        file.write_text(
            "# ours\nhttps://a.example/sparql deadline=30 answer=2.5 # slow\n\n"
            "http://127.0.0.1:7878/query private\n"
        )
        expected = (
            Endpoint("https://a.example/sparql", deadline=30.0, answer=2.5),
            Endpoint("http://127.0.0.1:7878/query", private=True),
        )
        assert endpoints_of(str(file)) == expected
        listed = (
            "https://a.example/sparql deadline=30 answer=2.5,http://127.0.0.1:7878/query private"
        )
        assert endpoints_of(listed) == expected
        assert endpoints_of("https://a.example/?x=1,2")[0].iri == "https://a.example/?x=1,2"

    @pytest.mark.parametrize(
        "text",
        [
            "no-such-file",
            "http://",
            "http:///sparql",
            "https://user@a.example/",
            "https://a.example/#x",
            "https://a.example/#",
            "https://a.example:99999/",
            "https://a.example/<",
            "https://a.example/ public",
            "https://a.example/ deadline=0",
            "https://a.example/ deadline=nan",
            "https://a.example/ answer=x",
            "https://a.example/, https://a.example/ private",
        ],
    )
    def test_what_does_not_fit_is_told(self, text: str) -> None:
        with pytest.raises(EnvironmentProblem, match="MIGOV_FEDERATION"):
            Settings.from_environment({"MIGOV_FEDERATION": text})
