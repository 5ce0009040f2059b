"""RabbitMQ's management API, for tests: vhosts come and go, queues are counted, connections are cut."""

import base64
import http.client
import json
from typing import Any
from urllib.parse import quote, urlsplit


class ManagementError(Exception):
    """The management API refused a request."""


class Management:
    """A client of the management API at `url` (with user and password). Blocking; each call takes milliseconds."""

    def __init__(self, url: str) -> None:
        """Take the base URL, without `/api`."""
        parts = urlsplit(url)
        self.user = parts.username or "guest"
        self._host = parts.hostname or "localhost"
        self.port = parts.port or 15672
        token = base64.b64encode(f"{self.user}:{parts.password or 'guest'}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Send a request to `/api` + `path`. Return the answer from JSON, or None where it has no body.

        Raises:
            ManagementError: the status is not 2xx.
        """
        connection = http.client.HTTPConnection(self._host, self.port, timeout=30)
        try:
            connection.request(method, f"/api{path}", None if body is None else json.dumps(body), self._headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if not http.HTTPStatus.OK <= answer.status < http.HTTPStatus.MULTIPLE_CHOICES:
            message = f"{method} {path}: {answer.status} {content.decode(errors='replace')}"
            raise ManagementError(message)
        return json.loads(content) if content else None

    def make_vhost(self, name: str) -> None:
        """Make a vhost in which this client's user may do everything."""
        path = quote(name, safe="")
        self.request("PUT", f"/vhosts/{path}", {"default_queue_type": "classic"})
        self.request("PUT", f"/permissions/{path}/{self.user}", {"configure": ".*", "write": ".*", "read": ".*"})

    def delete_vhost(self, name: str) -> None:
        """Delete a vhost with all in it; its connections are cut."""
        self.request("DELETE", f"/vhosts/{quote(name, safe='')}")

    def queues(self, vhost: str) -> dict[str, dict[str, Any]]:
        """Return what the API tells of each queue, by name. Its counts are up to a second or two old."""
        return {queue["name"]: queue for queue in self.request("GET", f"/queues/{quote(vhost, safe='')}")}

    def cut_connections(self, vhost: str) -> int:
        """Close every client connection to the vhost, as a failing network would. Return how many there were."""
        connections = self.request("GET", f"/vhosts/{quote(vhost, safe='')}/connections")
        for connection in connections:
            self.request("DELETE", f"/connections/{quote(connection['name'], safe='')}")
        return len(connections)
