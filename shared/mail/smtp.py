"""Sending a mail by SMTP, encrypted unless a setting says otherwise."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

import aiosmtplib

TIMEOUT = 20.0
"""Seconds for each step of the conversation."""

_SMTPS, _SUBMISSION = 465, 587


class NotMailed(Exception):
    """The server did not take it. The text names no secret; `for_good`: another time will not do either."""

    def __init__(self, why: str, *, for_good: bool = False) -> None:
        super().__init__(why)
        self.for_good = for_good


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails go. `encrypted` False: also without TLS, where the server has none."""

    host: str
    port: int
    at_once: bool
    """TLS from the first byte; otherwise by STARTTLS."""
    user: str | None
    password: str | None = field(repr=False)
    sender: str
    encrypted: bool = True

    @classmethod
    def of(cls, url: str, sender: str, *, encrypted: bool = True) -> MailServer:
        """From an address that was checked as a setting."""
        parts = urlsplit(url)
        at_once = parts.scheme == "smtps"
        return cls(
            host=parts.hostname or "",
            port=parts.port or (_SMTPS if at_once else _SUBMISSION),
            at_once=at_once,
            user=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
            sender=sender,
            encrypted=encrypted,
        )

    async def send(self, message: EmailMessage, to: str) -> None:
        """Send it to one person, who sees no other's address. Raises NotMailed."""
        del message["From"], message["To"], message["Date"]
        message["From"], message["To"], message["Date"] = self.sender, to, formatdate()
        try:
            await aiosmtplib.send(
                message,
                hostname=self.host,
                port=self.port,
                username=self.user,
                password=self.password,
                use_tls=self.at_once,
                # True: a server without STARTTLS is not sent to; None: where it offers it.
                start_tls=False if self.at_once else (True if self.encrypted else None),
                tls_context=ssl.create_default_context(),
                timeout=TIMEOUT,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = {refused.code for refused in error.recipients}
            for_good = all(code >= 500 for code in codes)  # noqa: PLR2004  # SMTP: for good
            raise NotMailed("the server does not take mail for this address", for_good=for_good) from None
        except aiosmtplib.SMTPAuthenticationError:
            raise NotMailed("the server does not accept user and password") from None
        except aiosmtplib.SMTPResponseException as error:
            raise NotMailed(f"the server answered with {error.code}") from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            raise NotMailed(f"the server could not be reached ({type(error).__name__})") from None
