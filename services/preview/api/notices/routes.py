"""/api/notices: what the shop is told, live, and what waits for somebody. All of it is the shop's, not one person's."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

import structlog
from aiohttp import web

from services.preview.api.http.hub import NOTICES
from services.preview.api.http.responses.pages import read_cursor, write_cursor
from services.preview.api.http.responses.problem import unknown
from services.preview.api.http.responses.sse import State, stream
from services.preview.api.http.route import Answer, AnyRoute, Call, Media, NoParameters, Route
from services.preview.api.notices.models import (
    NoticeNumbers,
    NoticeOut,
    NoticePage,
    NoticePath,
    NoticeSearch,
    NoticeState,
    SeenIn,
)
from services.preview.api.notices.view import notice_out
from shared.contract.messages import NoticesChanged
from shared.errors import BrokerUnavailable
from shared.mongodb.notices.notice import Notice
from shared.rabbitmq.topology import NOTICES_CHANGED

log = structlog.get_logger()

LATEST = 20
"""Notices that a stream carries."""


async def list_notices(call: Call[NoticeSearch, None]) -> Answer:
    """GET /api/notices."""
    asked = call.params
    keys = read_cursor(asked.cursor, datetime, str)
    page = await call.deps.notices.page(call.shop, keys, asked.limit, only_open=asked.open)
    is_open, unseen = await call.deps.notices.numbers(call.shop)
    items = [notice_out(notice) for notice in page.items]
    return Answer(NoticePage(open=is_open, unseen=unseen, items=items, next_cursor=write_cursor(page.after)))


async def get_notice(call: Call[NoticePath, None]) -> Answer:
    """GET /api/notices/{notice_id}."""
    return Answer(notice_out(await _known(call)))


async def _known(call: Call[NoticePath, None]) -> Notice:
    notice = await call.deps.notices.get(call.shop, call.params.notice_id)
    if notice is None:
        raise unknown("path.notice_id", f"There is no notice {call.params.notice_id}.", "See GET /api/notices.")
    return notice


async def stream_notices(call: Call[NoParameters, None]) -> web.StreamResponse:
    """GET /api/events/notices."""

    async def read() -> State:
        notices = call.deps.notices
        page = await notices.page(call.shop, None, LATEST)
        is_open, unseen = await notices.numbers(call.shop)
        items = [notice_out(notice) for notice in page.items]
        return NoticeState(open=is_open, unseen=unseen, items=items), False

    return await stream(call, (call.shop, NOTICES), "notices", read)


async def see_notices(call: Call[NoParameters, SeenIn]) -> Answer:
    """POST /api/seen-notices."""
    if await call.deps.notices.see_all(call.shop, call.body.until):
        await _tell(call.shop, call)
    is_open, unseen = await call.deps.notices.numbers(call.shop)
    return Answer(NoticeNumbers(open=is_open, unseen=unseen))


async def dismiss_notice(call: Call[NoticePath, None]) -> Answer:
    """POST /api/notices/{notice_id}/dismiss."""
    notice_id = call.params.notice_id
    if await call.deps.notices.dismiss(call.shop, notice_id, call.caller.user):
        await _tell(call.shop, call)
    return Answer(notice_out(await _known(call)))


async def _tell(shop: str, call: Call[NoParameters, SeenIn] | Call[NoticePath, None]) -> None:
    """Have the shop's other pages show it at once; without the broker they do at their next look."""
    call.deps.hub.wake((shop, NOTICES))
    try:
        await call.deps.publisher.event(NOTICES_CHANGED, NoticesChanged(shop=shop))
    except BrokerUnavailable:
        log.info("notices_changed_not_published", shop=shop)


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/api/notices",
        name="listNotices",
        tag="notices",
        summary="What the shop was told, the latest first",
        params=NoticeSearch,
        handler=list_notices,
        answers={HTTPStatus.OK: NoticePage},
    ),
    Route(
        method="GET",
        path="/api/events/notices",
        name="watchNotices",
        tag="notices",
        summary="What there is to look at, live",
        description="The present state first, then each newer one.",
        params=NoParameters,
        handler=stream_notices,
        answers={HTTPStatus.OK: Media("text/event-stream", "Events called notices", NoticeState)},
        lasts="stream",
    ),
    Route(
        method="GET",
        path="/api/notices/{notice_id}",
        name="getNotice",
        tag="notices",
        summary="One notice",
        params=NoticePath,
        handler=get_notice,
        answers={HTTPStatus.OK: NoticeOut},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="POST",
        path="/api/seen-notices",
        name="seeNotices",
        tag="notices",
        summary="Somebody of the shop has looked at the notices until then",
        description="It closes none of them: what needs somebody stays open.",
        params=NoParameters,
        handler=see_notices,
        body=SeenIn,
        answers={HTTPStatus.OK: NoticeNumbers},
    ),
    Route(
        method="POST",
        path="/api/notices/{notice_id}/dismiss",
        name="dismissNotice",
        act="notice.dismiss",
        tag="notices",
        summary="Decide that a notice needs nobody; where it happens again, it is open again",
        description="A preview that waits is dismissed by it, for everybody of the shop. A repeat changes nothing.",
        params=NoticePath,
        handler=dismiss_notice,
        answers={HTTPStatus.OK: NoticeOut},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
