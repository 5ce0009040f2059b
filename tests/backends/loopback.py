"""Holds the tests to this machine: a connection to anywhere else is an error in the code under test."""

import ipaddress
import os
import socket
from typing import Any
from urllib.parse import urlsplit

_GIVEN_SERVERS = ("TRUEUP_AMQP_URL", "TRUEUP_MONGODB_URI", "TRUEUP_RABBITMQ_MANAGEMENT_URL")


class OutsideLoopbackError(RuntimeError):
    """A test tried to reach an address outside this machine. Not an OSError, which a client would retry."""


def hold_to_loopback() -> None:
    """Refuse, for the rest of the process, connections beyond loopback, local sockets and servers given by setting."""
    given = {urlsplit(os.environ[name]).hostname for name in _GIVEN_SERVERS if name in os.environ}
    if given:
        given |= {str(found[4][0]) for host in given if host for found in socket.getaddrinfo(host, None)}
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def check(address: Any) -> None:
        # Local sockets have a path for an address.
        if isinstance(address, tuple) and not _is_loopback(address[0]) and address[0] not in given:
            message = f"a test connects to {address[0]}: only addresses of this machine are allowed"
            raise OutsideLoopbackError(message)

    def guarded_connect(self: socket.socket, address: Any) -> None:
        check(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        check(address)
        return connect_ex(self, address)

    socket.socket.connect = guarded_connect  # type: ignore[method-assign, assignment]  # that is the guard
    socket.socket.connect_ex = guarded_connect_ex  # type: ignore[method-assign, assignment]  # that is the guard


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
