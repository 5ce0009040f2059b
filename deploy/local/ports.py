"""Free TCP ports for servers that must come back on the same port after a restart."""

import random
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 20_000


_CLAIMS: list[int] = []
"""Open files that claim the ports of this process."""


def free_ports(count: int) -> list[int]:
    """Return `count` different ports that nothing listens on.

    They lie below the range from which the kernel takes ports for outgoing connections. Within it, a client that
    retries while its server is down may in the end connect to itself, and then the server cannot come back.

    Raises:
        OSError: no free ports were found.
    """
    highest = max(int(_EPHEMERAL_RANGE.read_text().split()[0]), _LOWEST + 1000)
    candidates = random.sample(range(_LOWEST, highest), k=1000)
    found: list[int] = []
    for port in candidates:
        if _is_ours(port) and _is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    message = f"no {count} free TCP ports between {_LOWEST} and {highest}"
    raise OSError(message)


def _is_ours(port: int) -> bool:
    """Claim a port for this process, until it ends: between the look and the server's start, others choose, too.

    An abstract socket of Linux belongs to one process, and goes with it.
    """
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0trueup-port-{port}")
    except OSError:
        claim.close()
        return False
    _CLAIMS.append(claim.detach())
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do it: a port with connections in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
