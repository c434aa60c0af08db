"""Which of this machine's addresses ICE offers. aioice always leaves loopback out; a server bound to it offers it alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import aioice.ice

from visavis.settings import is_loopback

_chosen: ContextVar[tuple[str, ...] | None] = ContextVar("visavis_ice_addresses", default=None)
_every_address = aioice.ice.get_host_addresses

LOOPBACK: Final = ("127.0.0.1",)


def _host_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    chosen = _chosen.get()
    return _every_address(use_ipv4, use_ipv6) if chosen is None else list(chosen)


aioice.ice.get_host_addresses = _host_addresses  # aioice has no argument for it; the choice is a context's own


@contextmanager
def ice_addresses(addresses: tuple[str, ...] | None) -> Iterator[None]:
    """Connections gathered inside offer exactly these host addresses; None means every address but loopback."""
    token = _chosen.set(addresses)
    try:
        yield
    finally:
        _chosen.reset(token)


def loopback_candidates_only(sdp: str) -> str:
    """The SDP less the candidates outside this machine: a server bound to loopback sends nowhere else, whatever an offer names."""
    lines = sdp.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("a=candidate:") or _is_loopback_candidate(line))


def _is_loopback_candidate(line: str) -> bool:
    fields = line.split()
    return len(fields) > 4 and is_loopback(fields[4])


def without_mdns_candidates(sdp: str) -> str:
    """The SDP less its `.local` candidates: to resolve them a server would ask the local network by multicast.

    The viewer's checks reach the server all the same, which then knows it as a peer-reflexive candidate.
    """
    lines = sdp.splitlines(keepends=True)
    return "".join(line for line in lines if not (line.startswith("a=candidate:") and ".local " in line))
