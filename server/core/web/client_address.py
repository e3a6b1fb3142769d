"""Network address of the client, also behind reverse proxies."""

from typing import Any

from litestar.connection import ASGIConnection


def client_address(connection: ASGIConnection[Any, Any, Any, Any], proxies: int) -> str:
    """`proxies`: number of reverse proxies of ours in front of this server."""
    peer = connection.client.host if connection.client else ""
    if proxies == 0:  # for each segment, too: the headers are not parsed
        return peer
    forwarded = connection.headers.getall("x-forwarded-for", [])
    return nearest_unproxied(peer, ",".join(forwarded), proxies)


def nearest_unproxied(peer: str, forwarded_for: str, proxies: int) -> str:
    """Client address as our outermost proxy saw it; entries to the left of it can be forged."""
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    return hops[-proxies] if 0 < proxies <= len(hops) else peer
