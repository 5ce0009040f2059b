"""Sends mails: codes and tests at once, notices gathered, so that a storm of them is one mail.

At least once: who dies between a mail and its note sends it again, under the same Message-ID. Several processes share
the shops by lease.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import structlog
from ulid import ULID

from services.reconciler.notices.mail_words import code_mail, digest, test_mail
from shared import metrics
from shared.mail.smtp import MailServer, NotMailed
from shared.mongodb.notices.mail import MailStore
from shared.mongodb.notices.notices import NoticeStore
from shared.mongodb.notices.recipients import MailWanted
from shared.running.work_pool import WorkPool

log = structlog.get_logger()

AT_ONCE = 8
"""Shops whose people are written to at once."""

AGAIN = timedelta(minutes=5)
"""After a server that did not take a mail."""

_A_MAIL = 500
"""Notices of one mail at the most."""


class MailSender:
    """One process's part. `page`: the address of a shop's page, with {name} for the shop's name."""

    def __init__(
        self,
        *,
        server: MailServer,
        mail: MailStore,
        notices: NoticeStore,
        page: str,
        gather: timedelta,
        every: timedelta,
        again: timedelta = AGAIN,
    ) -> None:
        self._server = server
        self._mail = mail
        self._notices = notices
        self._page = page
        self._gather = gather
        self._every = every
        self._again = again
        self._pool = WorkPool(AT_ONCE)
        self._not_before: dict[str, datetime] = {}

    async def round(self) -> None:
        """Begin to write to the shops that something is due for."""
        now = datetime.now(UTC)
        self._not_before = {shop: until for shop, until in self._not_before.items() if until > now}
        due = dict.fromkeys(await self._mail.shops_with_work(now))
        due |= dict.fromkeys(
            shop for shop in await self._notices.shops_with_mail(now - self._gather) if shop not in self._not_before
        )
        for shop in due:
            if self._pool.free > 0 and shop not in self._pool.busy:
                self._pool.begin(shop, self._see_to(shop))

    async def news(self, seconds: float) -> None:
        """Return when a slot has become free, at the latest after so many seconds."""
        await self._pool.news(seconds)

    async def finish(self) -> None:
        """Cancel what is under way: another process sends it."""
        await self._pool.finish()

    async def _see_to(self, shop: str) -> None:
        try:
            taken = await self._mail.take(shop)
            if taken is None:
                return
            wanted, number = taken
            try:
                await self._write(wanted)
            finally:
                await self._mail.give_back(shop, number)
        except Exception:  # one shop must not take the others' turns
            log.exception("mails_put_off", shop=shop)
            self._not_before[shop] = datetime.now(UTC) + self._again

    async def _write(self, wanted: MailWanted) -> None:
        shop = wanted.shop
        asked = await self._codes_and_tests(wanted)
        mailed, refused = await self._digest(wanted)
        trouble = asked or refused
        again_at = datetime.now(UTC) + self._again if asked is not None else None
        await self._mail.note_round(shop, trouble=trouble, mailed=mailed, again_at=again_at)

    async def _codes_and_tests(self, wanted: MailWanted) -> str | None:
        """Send what people wait for; what the server says against it."""
        page, trouble = self._page_of(wanted.shop), None
        for one in wanted.addresses:
            try:
                if one.code_due:
                    code = f"{secrets.randbelow(10**8):08}"
                    await self._mail.set_code(wanted.shop, one.address, code)
                    await self._send(code_mail(wanted.shop, code, page=page, name=str(ULID())), one.address)
                    await self._mail.note_sent(wanted.shop, one.address, "code")
                if one.test_due and one.confirmed_at is not None:
                    await self._send(test_mail(wanted.shop, page=page, name=str(ULID())), one.address)
                    await self._mail.note_sent(wanted.shop, one.address, "test")
            except NotMailed as error:
                trouble = str(error)
                if error.for_good:
                    await self._mail.note_sent(wanted.shop, one.address, "code" if one.code_due else "test")
        return trouble

    async def _digest(self, wanted: MailWanted) -> tuple[bool, str | None]:
        """Send what was gathered; whether it was sent, and what the server says against it."""
        now = datetime.now(UTC)
        due = await self._notices.for_mail(wanted.shop, _A_MAIL)
        if not due or due[0][1] > now - self._gather:
            return False, None
        if wanted.mailed_at is not None and now - wanted.mailed_at < self._every:
            self._not_before[wanted.shop] = wanted.mailed_at + self._every
            return False, None
        mail = digest(wanted.shop, [notice for notice, _ in due], page=self._page_of(wanted.shop))
        reached, trouble = not wanted.confirmed, None
        for address in wanted.confirmed:
            try:
                await self._send(mail, address)
                reached = True
            except NotMailed as error:
                trouble = str(error)
                reached = reached or error.for_good
        if not reached:
            # Nobody has it: the server is away, most likely, and all get it another time.
            self._not_before[wanted.shop] = now + self._again
            return False, trouble
        await self._notices.mailed(wanted.shop, due)
        return True, trouble

    async def _send(self, message: EmailMessage, to: str) -> None:
        try:
            await self._server.send(message, to)
        except NotMailed as error:
            metrics.MAILS.labels("failed").inc()
            log.warning("not_mailed", reason=str(error))
            raise
        metrics.MAILS.labels("sent").inc()

    def _page_of(self, shop: str) -> str:
        return self._page.format(name=shop.removesuffix(".myshopify.com"))
