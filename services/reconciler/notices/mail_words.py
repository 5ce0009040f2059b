"""The mails that are sent: plain text and simple HTML, with the same words."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from hashlib import sha256
from html import escape

from shared.mongodb.notices.notice import Notice

_MOST_SHOWN = 50


def digest(shop: str, notices: Sequence[Notice], *, page: str) -> EmailMessage:
    """One mail about several notices; `page`: the address of the shop's page."""
    shown, more = notices[:_MOST_SHOWN], max(0, len(notices) - _MOST_SHOWN)
    first = shown[0].told.title
    subject = first if len(notices) == 1 else f"{first}, and {len(notices) - 1} more"
    parts = [(words.title, words.meaning, words.remedy, f"{page}{words.link}") for words in (n.told for n in shown)]
    end = f"{more} more are on the page." if more else ""
    # A repeat has the same id: mail programs show it once.
    name = sha256("|".join(f"{n.notice_id}:{n.occurrence}" for n in notices).encode()).hexdigest()[:32]
    return _message(shop, f"{_store(shop)}: {subject}", parts, page=page, name=name, end=end)


def code_mail(shop: str, code: str, *, page: str, name: str) -> EmailMessage:
    """The code by which a person says that an address is theirs."""
    meaning = f"Somebody of {shop} wants Trueup to send notifications to this address. The code is {code}."
    remedy = "Enter it on the page of notifications within 24 hours. If you do not know of it, do nothing."
    parts = [(f"Your code is {code}", meaning, remedy, f"{page}/notifications")]
    return _message(shop, f"{_store(shop)}: your code for notifications", parts, page=page, name=name)


def test_mail(shop: str, *, page: str, name: str) -> EmailMessage:
    """A mail that says that mails come."""
    parts = [("Notifications reach you here", f"This is a test of {shop}.", "There is nothing to do.", page)]
    return _message(shop, f"{_store(shop)}: a test of notifications", parts, page=page, name=name)


def _store(shop: str) -> str:
    return shop.removesuffix(".myshopify.com")


def _message(
    shop: str, subject: str, parts: Sequence[tuple[str, str, str, str]], *, page: str, name: str, end: str = ""
) -> EmailMessage:
    settings = f"{page}/notifications"
    message = EmailMessage()
    # A name of a schedule is a person's text: no line of it becomes a header.
    message["Subject"] = " ".join(subject.split())[:200]
    message["Message-ID"] = f"<{name}@{shop}>"
    message["Auto-Submitted"] = "auto-generated"
    foot = f"You get this since your address is among the notifications of {shop}. Change that: {settings}"
    lines = [f"{title}\n{meaning}\nWhat to do: {remedy}\n{link}\n" for title, meaning, remedy, link in parts]
    message.set_content("\n".join([*lines, *([f"{end}\n"] if end else []), "-- ", foot]) + "\n")
    rows = "".join(
        f'<h2 style="font-size:16px;margin:24px 0 4px">{escape(title)}</h2><p style="margin:0 0 4px">{escape(meaning)}'
        f'</p><p style="margin:0 0 8px"><b>What to do:</b> {escape(remedy)}</p>'
        f'<p style="margin:0"><a href="{escape(link, quote=True)}">Open in Trueup</a></p>'
        for title, meaning, remedy, link in parts
    )
    html = (
        '<!doctype html><html lang="en"><body style="font-family:sans-serif;font-size:14px;color:#303030;'
        f'max-width:600px;margin:0 auto;padding:16px">{rows}<p>{escape(end)}</p>'
        f'<p style="font-size:12px;color:#616161;margin-top:32px">You get this since your address is among the '
        f'notifications of {escape(shop)}. <a href="{escape(settings, quote=True)}">Change that</a></p></body></html>'
    )
    message.add_alternative(html, subtype="html")
    return message
