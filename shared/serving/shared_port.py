"""Who else listens on a port that several processes of ours share (SO_REUSEPORT).

The kernel lets any process of the same user join such a port and gives it its share of the connections. So whoever
listens there must be a front of ours, by its command line. Of Linux; elsewhere nobody is found.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Collection
from pathlib import Path

_LISTENING = "0A"
_SOCKET = re.compile(r"socket:\[([0-9]+)\]")
_PROC = Path("/proc")
_OURS = ("serve", "webhook-ingest")


def foreigners(port: int, *, own: Collection[int] = ()) -> list[str]:
    """The processes that listen on the port and are no front of ours. `own`: inodes of this process's sockets there."""
    wanted = _listening_on(port) - set(own)
    if not wanted:
        return []
    owners = _owners(wanted)
    strange = [f"process {pid}" for pid in sorted(set(owners.values())) if not _is_ours(pid)]
    return strange + ["a process that cannot be looked at"] * bool(wanted - owners.keys())


def must_be_ours(port: int) -> None:
    """Raise OSError, as for a port that is taken, where somebody else listens."""
    strange = foreigners(port)
    if strange:
        raise OSError(errno.EADDRINUSE, f"port {port} is in use by {', '.join(strange)}, which is no front of Trueup")


def _listening_on(port: int) -> set[int]:
    found: set[int] = set()
    for table in ("net/tcp", "net/tcp6"):
        try:
            lines = (_PROC / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(int(fields[9]))
    return found


def _owners(inodes: Collection[int]) -> dict[int, int]:
    """By inode: a process that holds the socket."""
    owners: dict[int, int] = {}
    for process in _PROC.iterdir():
        if not process.name.isdigit():
            continue
        try:
            links = [str(link.readlink()) for link in (process / "fd").iterdir()]
        except OSError:  # ended meanwhile, or another user's
            continue
        held = {int(found[1]) for link in links if (found := _SOCKET.fullmatch(link))}
        owners |= dict.fromkeys(held & set(inodes), int(process.name))
    return owners


def _is_ours(pid: int) -> bool:
    if pid == os.getpid():
        return False  # a process has one front; what else it listens with is not that
    try:
        words = (_PROC / str(pid) / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return False
    return any(tuple(words[at : at + 2]) == _OURS for at in range(len(words)))
