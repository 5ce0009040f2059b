"""Notices put together from their parts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog

from services.reconciler.notices.delivery_sender import PAUSES, DeliverySender
from services.reconciler.notices.mail_sender import AGAIN, MailSender
from services.reconciler.notices.spreader import Spreader
from services.reconciler.notices.watcher import PATIENCE, Watcher
from services.reconciler.resources import Resources
from shared.mail.smtp import MailServer
from shared.mongodb.notices.deliveries import DeliveryStore
from shared.mongodb.notices.happenings import Happenings
from shared.mongodb.notices.mail import MailStore
from shared.mongodb.notices.notices import NoticeStore
from shared.mongodb.notices.targets import TargetStore
from shared.mongodb.notices.watermark import Watermark
from shared.schedules.outgoing_webhooks import OutgoingWebhooks
from shared.setting_groups import MailSettings, ShopifySettings, SweepingSettings, TargetSettings
from shared.settings import part_of

log = structlog.get_logger()

TICK = 1.0
"""Seconds between looks for what has happened."""

PAGE = "https://admin.shopify.com/store/{name}/apps/"
"""Where a shop's page is in Shopify's admin; the app's client id follows."""


@dataclass(frozen=True, slots=True)
class NoticeTimes:
    """How often it is looked, in seconds, how long a run may wait unmentioned, and the pauses before a delivery, and a
    mail, is tried again.
    """

    tick: float = TICK
    patience: timedelta = PATIENCE
    pauses: tuple[timedelta, ...] = PAUSES
    mail_again: timedelta = AGAIN


async def start_notices(resources: Resources, *, times: NoticeTimes) -> None:
    """Note what has happened to the shops, and tell it by webhooks and mails."""
    settings, db, rounds = resources.settings, resources.mongo.db, resources.rounds
    keys = part_of(settings, ShopifySettings).fernet_keys
    notices, targets, deliveries, mail = NoticeStore(db), TargetStore(db, keys), DeliveryStore(db), MailStore(db)
    watcher = Watcher(
        happenings=Happenings(db),
        notices=notices,
        watermark=Watermark(db),
        publisher=resources.publisher,
        patience=times.patience,
    )
    spreader = Spreader(notices=notices, targets=targets, deliveries=deliveries, mail=mail)
    allowed = part_of(settings, TargetSettings)
    outgoing = OutgoingWebhooks.open(private=allowed.private_targets, ports=allowed.target_ports)
    resources.later.push_async_callback(outgoing.close)
    sender = DeliverySender(
        targets=targets,
        deliveries=deliveries,
        notices=notices,
        outgoing=outgoing,
        per_shop=part_of(settings, SweepingSettings).outgoing_per_shop,
        pauses=times.pauses,
    )
    rounds.begin("watching for notices", watcher.round, times.tick)
    rounds.begin("spreading of notices", spreader.round, times.tick)
    rounds.begin("outgoing webhooks", sender.round, times.tick, rest=sender.news, finish=sender.finish)
    await _start_mails(resources, mail, notices, times)


async def _start_mails(resources: Resources, mail: MailStore, notices: NoticeStore, times: NoticeTimes) -> None:
    settings = part_of(resources.settings, MailSettings)
    await mail.say_set_up(settings.mail_from if settings.smtp_url is not None else None)
    if settings.smtp_url is None or settings.mail_from is None:
        log.info("mails_not_set_up", setting="TRUEUP_SMTP_URL")
        return
    sender = MailSender(
        server=MailServer.of(
            settings.smtp_url.get_secret_value(), settings.mail_from, encrypted=not settings.smtp_without_tls
        ),
        mail=mail,
        notices=notices,
        page=PAGE + part_of(resources.settings, ShopifySettings).shopify_client_id,
        gather=timedelta(seconds=settings.mail_gather_seconds),
        every=timedelta(seconds=settings.mail_every_seconds),
        again=times.mail_again,
    )
    resources.rounds.begin("mails", sender.round, times.tick, rest=sender.news, finish=sender.finish)
