"""What outgoing webhooks say of a notice."""

from __future__ import annotations

from shared.contract.outgoing import Notification, NotificationData
from shared.domain.notices import EVENTS, URGENCY
from shared.mongodb.notices.notice import Notice


def notification_body(notice: Notice) -> str:
    """The body that is signed and sent."""
    words = notice.told
    return Notification(
        type=EVENTS[notice.matter],
        timestamp=notice.at,
        data=NotificationData(
            shop=notice.shop,
            notice_id=notice.notice_id,
            subject=notice.subject,
            urgency=str(URGENCY[notice.matter]),
            count=notice.count,
            title=words.title,
            meaning=words.meaning,
            remedy=words.remedy,
            facts=dict(notice.facts),
        ),
    ).model_dump_json()
