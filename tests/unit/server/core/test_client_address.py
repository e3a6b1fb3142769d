"""Client address behind reverse proxies."""

import pytest

from server.core.web.client_address import nearest_unproxied


@pytest.mark.parametrize(
    ("forwarded", "proxies", "client"),
    [
        ("", 0, "10.0.0.1"),
        ("6.6.6.6", 0, "10.0.0.1"),
        ("6.6.6.6, 198.51.100.7", 1, "198.51.100.7"),
        ("6.6.6.6, 198.51.100.7, 10.0.0.9", 2, "198.51.100.7"),
        ("198.51.100.7", 2, "10.0.0.1"),
    ],
)
def test_only_configured_proxies_are_trusted(forwarded: str, proxies: int, client: str) -> None:
    assert nearest_unproxied("10.0.0.1", forwarded, proxies) == client
