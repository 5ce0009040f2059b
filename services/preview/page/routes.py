"""Routes of the page: its index at every address of its own, its files, and one clear line where it is not built."""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from typing import Literal

from aiohttp import web

from services.preview.page.bundle import ASSETS, Bundle, PageFile
from services.preview.page.headers import APP_BRIDGE, OpenedPage, content_policy

_YEAR = 365 * 24 * 3600
_FOREVER = f"public, max-age={_YEAR}, immutable"
_ASK_FIRST = "no-cache"
_NOT_BUILT = (
    "The admin page is not built here: run `make page`, or set TRUEUP_PAGE_DIRECTORY to a built one. "
    "The API works without it; see /api/openapi.json.\n"
)
_OWN_ADDRESSES = r"/{address:(?!(?:api|assets|demo|webhooks)(?:/|$)).*}"
"""What belongs to the page: all that is not the API's, the webhooks' or a file's."""

SessionSource = Literal["app-bridge", "demo", "none"]
"""Where the page gets its session tokens."""


class AdminPage:
    """Serves the page. `client_id`: the app's own, which App Bridge wants to know; `demo`: whether anybody on this
    machine is signed in."""

    def __init__(self, bundle: Bundle, client_id: str, *, demo: bool) -> None:
        self._bundle = bundle
        self._client_id = client_id
        self._demo = demo

    def add_to(self, app: web.Application) -> None:
        """Add the routes; they give way to every other one."""
        app.router.add_get("/assets/{name:.+}", self._asset)
        app.router.add_get(_OWN_ADDRESSES, self._address)

    async def _asset(self, request: web.Request) -> web.Response:
        file = self._bundle.file(ASSETS + request.match_info["name"])
        if file is None:
            return _missing("There is no such file; reload the page, it is of an older build.\n")
        return _file(request, file, _FOREVER)

    async def _address(self, request: web.Request) -> web.Response:
        name = request.match_info["address"]
        if name and name != "index.html" and (file := self._bundle.file(name)) is not None:
            return _file(request, file, _ASK_FIRST)
        html = self._bundle.index()
        if html is None:
            return _missing(_NOT_BUILT)
        opened = OpenedPage.by(request.query)
        index = PageFile.of(self._filled_in(html, opened).encode(), "index.html")
        response = _file(request, index, _ASK_FIRST)
        response.headers["Content-Security-Policy"] = content_policy(opened)
        return response

    def _filled_in(self, html: str, opened: OpenedPage) -> str:
        """The index with what it must know before its own script runs."""
        session: SessionSource = "app-bridge" if opened.embedded else "demo" if self._demo else "none"
        tags = f'<meta name="trueup-session" content="{session}">'
        if opened.embedded:
            # App Bridge asks to be the first script, and takes the app's id from the document.
            tags += f'<meta name="shopify-api-key" content="{escape(self._client_id)}">'
            tags += f'<script src="{APP_BRIDGE}"></script>'
        return html.replace("<head>", f"<head>{tags}", 1)


def _missing(text: str) -> web.Response:
    return web.Response(status=HTTPStatus.NOT_FOUND.value, text=text, headers={"Cache-Control": "no-store"})


def _file(request: web.Request, file: PageFile, caching: str) -> web.Response:
    headers = {"Cache-Control": caching, "ETag": file.etag, "Vary": "Accept-Encoding"}
    if file.etag in request.headers.get("If-None-Match", ""):
        return web.Response(status=HTTPStatus.NOT_MODIFIED.value, headers=headers)
    body = file.content
    if file.compressed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        body, headers["Content-Encoding"] = file.compressed, "gzip"
    charset = "utf-8" if file.media_type.startswith("text/") else None
    return web.Response(body=body, headers=headers, content_type=file.media_type, charset=charset)
