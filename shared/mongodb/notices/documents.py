"""What is stored of notices, of who is told of them, and of deliveries."""

from __future__ import annotations

from shared.domain.notices import Matter
from shared.mongodb.described import Described, of_shop, words
from shared.mongodb.notices.recipients import SendState

NOTICES = Described(
    "notices",
    "A matter that a shop is told of, once however often it happens. Written by `notices/notices`.",
    {
        **of_shop("shop, matter, subject"),
        "notice_id": ("string", "a ULID"),
        "matter": ("string", words(Matter)),
        "subject": ("string", "the id of what it is about; empty where a shop has one only"),
        "occurrence": ("string", "by which the last time it happened is known again"),
        "count": ("number", "how often it has happened"),
        "first_at": ("date", "when first"),
        "at": ("date", "when last"),
        "facts": ("object", ""),
        "facts.*": ("string or number or null", "what its words are made of"),
        "open": ("boolean", "it may need somebody"),
        "closed_at": ("date or null", ""),
        "seen_at": ("date or null", "when somebody of the shop looked at it"),
        "dismissed_by": ("string or null", "who has decided that it needs nobody"),
        "spread": ("boolean", "every way that it is to be told by knows of it"),
        "mail_due_at": ("date or absent", "it is to be told by mail, from then on"),
    },
)

DELIVERIES = Described(
    "deliveries",
    "A message to an address of a shop's, however often it is sent. Written by `notices/deliveries`.",
    {
        **of_shop("shop, target_id, what it tells of"),
        "delivery_id": ("string", "`webhook-id`"),
        "target_id": ("string", ""),
        "event": ("string", "such as job.ended"),
        "body": ("string", "as it is signed and sent"),
        "at": ("date", "when it was made"),
        "state": ("string", words(SendState)),
        "due_at": ("date", "when it is due, or until when somebody is at it"),
        "tries": ("number", ""),
        "detail": ("string or null", "what the last try met"),
        "ended_at": ("date or null", ""),
    },
)

WEBHOOK_TARGETS = Described(
    "webhook_targets",
    "An address of a shop's outgoing webhooks. Written by `notices/targets`.",
    {
        **of_shop("shop, target_id"),
        "target_id": ("string", "a ULID"),
        "url": ("string", ""),
        "matters": ("list of string or null", "what it is told of; null: of everything"),
        "enabled": ("boolean", ""),
        "secret": ("bytes or null", "encrypted; null: it is being made"),
        "secret_by": ("string or absent", "a ULID of the request that made it, so that a repeat makes no other"),
        "previous_secret": ("bytes or null", "encrypted; the one before"),
        "previous_until": ("date or null", "until then deliveries are signed by both"),
        "failing_since": ("date or null", "since when nothing was taken"),
        "disabled_at": ("date or null", "switched off for that"),
        "created_at": ("date", ""),
        "created_by": ("string", ""),
        "updated_at": ("date", ""),
        "updated_by": ("string", ""),
    },
)

NOTIFICATION_SETTINGS = Described(
    "notification_settings",
    "Who of a shop is told by mail, and of what. Written by `notices/mail`.",
    {
        **of_shop("shop, the word mail"),
        "matters": ("list of string or absent", "absent: what needs a person"),
        "addresses": ("list of object or absent", ""),
        "addresses[].address": ("string", ""),
        "addresses[].confirmed_at": ("date or null", "null: it gets no mails yet"),
        "addresses[].added_at": ("date", ""),
        "addresses[].added_by": ("string", ""),
        "addresses[].code_due": ("boolean", "a code is to be sent"),
        "addresses[].code_hash": ("string or null", "of the code that was sent last"),
        "addresses[].code_until": ("date or null", ""),
        "addresses[].code_tries": ("number", ""),
        "addresses[].test_due": ("boolean", "a test mail is to be sent"),
        "codes_day": ("string or absent", "the day of `codes_no`"),
        "codes_no": ("number or absent", "codes asked for on that day"),
        "work_due_at": ("date or absent", "a code or a test is to be sent, from then on"),
        "mail_until": ("date or absent", "somebody is writing to its people, until then"),
        "mail_no": ("number or absent", "raised each time somebody begins to"),
        "mailed_at": ("date or absent", "when notices were last sent by mail"),
        "mail_trouble": ("string or null or absent", "what the last try met"),
    },
)

DOCUMENTS = (NOTICES, DELIVERIES, WEBHOOK_TARGETS, NOTIFICATION_SETTINGS)
