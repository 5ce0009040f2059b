"""A shop whose people are told: its records, what watches them, and who receives."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope

from services.reconciler.notices.role import NoticeTimes
from shared.domain.notices import Happening, Matter
from shared.mongodb.notices.deliveries import DeliveryStore
from shared.mongodb.notices.mail import MailStore
from shared.mongodb.notices.notice import Notice
from shared.mongodb.notices.notices import NoticeStore
from shared.mongodb.notices.targets import TargetStore
from shared.mongodb.schema import Document, key_of
from shared.schedules.outgoing_webhooks import new_secret
from tests.integration.shop_world import SHOP, ShopWorld, new_id, reconciler
from tests.waiting import changed, until

PAUSE = timedelta(milliseconds=50)
TIMES = NoticeTimes(tick=0.05, patience=timedelta(0), pauses=(PAUSE, PAUSE), mail_again=PAUSE)


@dataclass
class Post:
    """A mail server that takes everything, or refuses for the moment."""

    port: int = 0
    refuses: bool = False
    tried: int = 0
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)

    async def handle_DATA(self, _: Any, __: Any, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        """One mail."""
        self.tried += 1
        if self.refuses:
            return "451 not now"
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.taken.append((envelope.rcpt_tos[0], mail))
        return "250 taken"

    async def until(self, number: int) -> None:
        """Wait for so many mails."""
        await until(lambda: len(self.taken) >= number, what=f"{number} mails", progress=lambda: self.tried)

    def code(self) -> str:
        """The code of the latest mail."""
        found = re.search(r"[0-9]{8}", str(self.taken[-1][1]["Subject"]) + text_of(self.taken[-1][1]))
        assert found is not None
        return found.group()


def text_of(mail: EmailMessage) -> str:
    """The plain text."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


@asynccontextmanager
async def post_office() -> AsyncIterator[Post]:
    """A mail server on this machine, without TLS."""
    post = Post()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(post), "127.0.0.1", 0)
    post.port = server.sockets[0].getsockname()[1]
    try:
        yield post
    finally:
        server.close()


@dataclass
class ToldShop:
    """Stores and writes of the tests."""

    shop: ShopWorld
    stack: AsyncExitStack

    def __post_init__(self) -> None:
        """The stores over its database."""
        db = self.shop.mongo.db
        self.notices, self.deliveries, self.mail = NoticeStore(db), DeliveryStore(db), MailStore(db)
        self.targets = TargetStore(db, self.shop.settings.fernet_keys)

    async def start(self, **settings: Any) -> None:
        """Watch, and send."""
        self.shop.settings = self.shop.settings.model_copy(update=settings)
        roles = {"sweeper"}
        await self.stack.enter_async_context(reconciler(self.shop, roles=roles, notice_times=TIMES))

    async def target(self, url: str, matters: list[Matter] | None = None) -> tuple[str, str]:
        """An address of outgoing webhooks; returns its id and secret."""
        target_id, secret = new_id(), new_secret()
        await self.targets.put(SHOP, target_id, url=url, matters=matters, enabled=True, by="test")
        await self.targets.set_secret(SHOP, target_id, secret.encode(), made_by=new_id())
        return target_id, secret

    async def job(self, **values: Any) -> str:
        """A job's record, ended well just now unless `values` say otherwise; returns its id."""
        job_id, now = new_id(), datetime.now(UTC)
        totals = dict.fromkeys(("total", "pending", "applying", "updated", "skipped", "errors", "cancelled"), 0)
        document: Document = {
            "_id": key_of(SHOP, job_id),
            "shop": SHOP,
            "job_id": job_id,
            "state": "completed",
            "source": "admin",
            "direction": "toShopify",
            "requested_by": "42",
            "requested_at": now,
            "totals": totals | {"total": 3, "updated": 3},
            "failure": None,
            "held": None,
            "preview_id": None,
            "finished_at": now,
            "finished_event": "sent",
        }
        await self.shop.mongo.db["jobs"].insert_one(document | values)
        return job_id

    async def preview(self, **values: Any) -> str:
        """A preview's record, ready just now with two BOMs that differ; returns its id."""
        preview_id, now = new_id(), datetime.now(UTC)
        document: Document = {
            "_id": key_of(SHOP, preview_id),
            "shop": SHOP,
            "preview_id": preview_id,
            "state": "ready",
            "requested_by": "42",
            "requested_at": now,
            "total": 4,
            "badges": {"with_discrepancies": 2, "in_sync": 0, "not_compared": 0},
            "failure": None,
            "finished_at": now,
        }
        await self.shop.mongo.db["previews"].insert_one(document | values)
        return preview_id

    async def run_of_schedule(self, schedule_id: str, **values: Any) -> str:
        """A run of a schedule that has ended just now; returns its id."""
        run_id, now = new_id(), datetime.now(UTC)
        document: Document = {
            "_id": key_of(SHOP, run_id),
            "shop": SHOP,
            "run_id": run_id,
            "schedule_id": schedule_id,
            "name": "Every night",
            "action": "reconcile",
            "due_at": now,
            "state": "ended",
            "reason": None,
            "outcome": "completed",
            "figures": None,
            "at": now,
            "asked_at": now,
            "ended_at": now,
        }
        await self.shop.mongo.db["schedule_runs"].insert_one(document | values)
        return run_id

    async def told(self, wanted: Callable[[Notice], bool], number: int = 1) -> list[Notice]:
        """Wait until so many notices of the shop are as wanted; returns them, the latest first."""

        async def so_many() -> list[Notice]:
            found = [one for one in (await self.notices.page(SHOP, None, 200)).items if wanted(one)]
            return found if len(found) == number else []

        return await changed(self.shop.mongo.db["notices"], so_many, what=f"{number} notices")

    async def of(self, matter: Matter, *, is_open: bool, count: int = 1) -> Notice:
        """Wait until the one notice of a kind is open, or is not, and was counted so often."""
        (found,) = await self.told(lambda one: (one.matter, one.open, one.count) == (matter, is_open, count))
        return found

    async def happens(self, matter: Matter = Matter.RUN_ENDED, subject: str = "", number: int = 1) -> Happening:
        """Note an occurrence as the watcher does; returns it."""
        now = datetime.now(UTC) + timedelta(milliseconds=number)
        happening = Happening(
            shop=SHOP,
            matter=matter,
            subject=subject,
            occurrence=f"{subject}-{number}",
            at=now,
            facts={"reason": "frozen", "detail": None},
            open=matter is not Matter.RUN_ENDED,
        )
        await self.notices.note(happening)
        return happening
