"""Ports, UDP, ICE candidates, STUN and TURN, and whether a browser will give the page its microphone.

Nothing is contacted but this machine itself and the STUN and TURN servers that the settings name.
"""

from __future__ import annotations

import http.client
import socket
from typing import Final

from visavis.doctor.check import Check, Status
from visavis.errors import BadSettings
from visavis.settings import Settings
from visavis.transports.webrtc.peer import IceSettings
from visavis.transports.webrtc.probe import candidates, host_addresses

UDP_TIMEOUT_S: Final = 1.0
LOCAL_TIMEOUT_S: Final = 1.0
WILDCARDS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104
FIREWALL: Final = "Allow UDP between this machine and its viewers in the firewall."


def check_port(settings: Settings) -> Check:
    """The page's TCP port can be bound, or visavis holds it already."""
    from visavis.server.run import bind

    try:
        listening = bind(settings)
    except BadSettings as error:
        if _visavis_answers(settings):
            return Check("port", Status.OK, f"visavis is running on {settings.host}:{settings.port}")
        return Check.failed("port", error)
    port = listening.getsockname()[1]
    listening.close()
    return Check("port", Status.OK, f"{settings.host}:{settings.port or f'{port} (any)'} is free")


def _visavis_answers(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.host in WILDCARDS else settings.host
    connection = http.client.HTTPConnection(host, settings.port, timeout=LOCAL_TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return answer.status == 200 and b'"version"' in answer.read(1_000)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def check_udp(settings: Settings) -> list[Check]:
    """A datagram sent to each address that media will use arrives there."""
    checks = [_udp_over("127.0.0.1", Status.FAIL if settings.loopback else Status.WARN)]
    if not settings.loopback:
        addresses = host_addresses() if settings.host in WILDCARDS else [settings.host]
        checks += [_udp_over(address, Status.FAIL) for address in addresses]
        if not addresses:
            checks.append(Check("udp", Status.FAIL, "this machine has no address but loopback", "Connect it to a network."))
    return checks


def _udp_over(address: str, bad: Status) -> Check:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    name = f"udp {address}"
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as there, socket.socket(family, socket.SOCK_DGRAM) as here:
            there.bind((address, 0))
            there.settimeout(UDP_TIMEOUT_S)
            here.sendto(b"visavis", there.getsockname())
            arrived = there.recvfrom(64)[0] == b"visavis"
    except TimeoutError:
        return Check(name, bad, "a datagram sent did not arrive", FIREWALL)
    except OSError as error:
        return Check(name, bad, f"cannot be used: {error.strerror or error}", FIREWALL)
    return Check(name, Status.OK if arrived else bad, "datagrams arrive")


async def check_ice(settings: Settings) -> list[Check]:
    """Host candidates as a session gathers them, then each configured server's own."""
    found = await candidates(IceSettings(settings.loopback))
    hosts = [candidate for candidate in found if candidate.kind == "host"]
    if hosts:
        where = ", ".join(sorted({candidate.address for candidate in hosts}))
        checks = [Check("ice", Status.OK, f"{len(hosts)} host candidates on {where}")]
    else:
        checks = [Check("ice", Status.FAIL, "no candidate was gathered: nobody could connect", "Connect it to a network.")]
    return checks + [await _check_server(settings, url) for url in settings.ice_servers]


async def _check_server(settings: Settings, url: str) -> Check:
    """A STUN server must show this machine its outer address, a TURN server must lend one."""
    relay = url.lower().startswith("turn")
    name, kind = ("turn", "relay") if relay else ("stun", "srflx")
    credential = settings.ice_credential.get_secret_value() if settings.ice_credential else None
    if relay and not (settings.ice_username and credential):
        return Check(name, Status.FAIL, f"{url} has no user name or credential", "Set VISAVIS_ICE_USERNAME and _CREDENTIAL.")
    ice = IceSettings(loopback=False, servers=(url,), username=settings.ice_username, credential=credential)
    try:
        found = await candidates(ice)
    except BadSettings as error:
        return Check.failed(name, error)
    if any(candidate.kind == kind for candidate in found):
        return Check(name, Status.OK, f"{url} answers")
    hosts = {candidate.address for candidate in found}
    if not relay and any(candidate.kind == "host" for candidate in found) and _public(hosts):
        return Check(name, Status.INFO, f"{url} showed no other address; this machine's own is public")
    return Check(name, Status.FAIL, f"{url} does not answer", "Check its name, port and credential, and the firewall (UDP).")


def _public(addresses: set[str]) -> bool:
    from ipaddress import ip_address

    return any(ip_address(address).is_global for address in addresses)


def check_microphone(settings: Settings) -> Check:
    """Browsers give a page the microphone on this machine or over https alone (a secure context)."""
    if settings.loopback:
        return Check("microphone", Status.OK, "a page on this machine is a secure context: the browser will ask")
    return Check(
        "microphone", Status.WARN, f"over http from {settings.host} other machines' browsers give no microphone; typing works",
        "Serve it behind https, or tunnel: ssh -L 8700:127.0.0.1:8700 this-machine.",
    )  # fmt: skip
