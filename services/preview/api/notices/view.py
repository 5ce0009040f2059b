"""A notice as it is shown."""

from __future__ import annotations

from services.preview.api.notices.models import NoticeOut
from shared.domain.notices import URGENCY
from shared.mongodb.notices.notice import Notice


def notice_out(notice: Notice) -> NoticeOut:
    """From its record."""
    words = notice.told
    return NoticeOut(
        notice_id=notice.notice_id,
        matter=notice.matter,
        urgency=URGENCY[notice.matter],
        subject=notice.subject,
        count=notice.count,
        first_at=notice.first_at,
        at=notice.at,
        open=notice.open,
        closed_at=notice.closed_at,
        seen=notice.seen_at is not None,
        dismissed_by=notice.dismissed_by,
        title=words.title,
        meaning=words.meaning,
        remedy=words.remedy,
        link=words.link,
    )
