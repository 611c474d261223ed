"""The network: whom a story asks, and the refusal it gets where runs are to be kept faithfully."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

_MEND = (
    "allow it with `network: true` under `sourcebook` in the notebook's metadata, "
    "or load the data with a script that writes to data/"
)


class NetworkRefused(OSError):
    """A story asked another machine, and nobody allowed it to."""

    def __init__(self, peer: str) -> None:
        super().__init__(f"network is refused while stories run\n  where: {peer}\n  mend:  {_MEND}")
        self.peer = peer


def peer_of(event: str, arguments: tuple[Any, ...]) -> str | None:
    """Give whom an audit event asks, as "host:port" or "host"; None for Unix sockets and mere names."""
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        opened, address = arguments[:2]
        is_network = getattr(opened, "family", None) in {socket.AF_INET, socket.AF_INET6}
        return f"{address[0]}:{address[1]}" if is_network and isinstance(address, tuple) else None
    host, port = arguments[0], arguments[1] if event == "socket.getaddrinfo" else None
    host = host.decode(errors="replace") if isinstance(host, bytes) else host
    if not isinstance(host, str) or not host or _is_number(host):
        return None  # a number asks nobody
    return f"{host}:{_text(port)}" if port else host


def is_near(peer: str) -> bool:
    """Say whether a peer is this very machine, which a story may always ask."""
    host = peer.rpartition(":")[0] if peer.count(":") != 1 else peer.partition(":")[0]
    host = host or peer
    if host.partition("%")[0] in {"", "localhost", "::1", "0.0.0.0", "::"} or host == socket.gethostname():
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _text(port: object) -> str:
    return port.decode(errors="replace") if isinstance(port, bytes) else str(port)
