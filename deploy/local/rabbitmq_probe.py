"""Asks whether a RabbitMQ node on this machine is ready for clients."""

import base64
import http.client
import socket

from deploy.local.ports import LOOPBACK

_PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"
_METHOD_FRAME = b"\x01"
_GUEST = "Basic " + base64.b64encode(b"guest:guest").decode()


def amqp_answers(port: int, seconds: float = 2) -> bool:
    """Whether the broker greets an AMQP 0-9-1 client: its first frame is the method `connection.start`."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=seconds) as connection:
            connection.sendall(_PROTOCOL_HEADER)
            return connection.recv(1) == _METHOD_FRAME
    except OSError:
        return False


def management_answers(port: int, seconds: float = 2) -> bool:
    """Whether the management API answers the user `guest`."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=seconds)
    try:
        connection.request("GET", "/api/overview", headers={"Authorization": _GUEST})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
