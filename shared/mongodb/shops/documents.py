"""What is stored of shops, of requests about customers, and of who did what."""

from __future__ import annotations

from typing import get_args

from shared.domain.drift import DriftMode
from shared.mongodb.described import Described, of_shop, words
from shared.mongodb.shops.acts import By
from shared.mongodb.shops.compliance import HAS_THE_APP, NO_CUSTOMER_DATA

SHOPS = Described(
    "shops",
    "A shop: whether it takes calls, its tokens, its settings, and whose turn it is at it. "
    "Written by `shops`, the sweeper's part by `drift/sweeps`, the planner's by `jobs/leases` and `jobs/jobs`, the "
    "room for BOMs by `catalogue/bom_limit`, what webhooks tell by `inbox`, what is certified by "
    "`shops/certifications`.",
    {
        "_id": ("string", "the shop's domain"),
        "shop": ("string", "the same"),
        "created_at": ("date", ""),
        "status": ("string", "installing, active, paused or uninstalled"),
        "pause_reason": ("string or null", "why it takes no calls"),
        "pause_detail": ("string or null or absent", "the missing scopes, or where a redirect leads"),
        "paused_at": ("date or null or absent", "since when it is paused or uninstalled"),
        "resumed_at": ("date or absent", "when a probe last brought it back"),
        "probes": ("number or absent", "how often it was probed since it was paused"),
        "probed_at": ("date or null or absent", "when last"),
        "token": ("bytes or absent", "the access token, encrypted; absent: it is being installed for the first time"),
        "refresh_token": ("bytes or null or absent", "encrypted; null: of a token given by hand"),
        "token_no": ("number or absent", "raised by every change of the tokens, so that nobody refreshes newer ones"),
        "token_expires_at": ("date or null or absent", "null: it does not expire"),
        "refresh_expires_at": ("date or null or absent", "of the refresh token; for a person who looks"),
        "refresh_until": ("date or absent", "somebody is refreshing the tokens, until then"),
        "scopes": ("list of string or absent", "granted, as Shopify told last"),
        "installed_at": ("date or absent", "Shopify's time; what was told before is about an earlier installation"),
        "install_until": ("date or absent", "somebody is installing it, until then"),
        "set_up_due": ("boolean or absent", "its webhooks and locations are to be set up"),
        "set_up_at": ("date or absent", "when somebody last began to"),
        "subscriptions": ("object or absent", "webhook subscriptions that Trueup has made"),
        "subscriptions.*": ("string", "by their id: the topic"),
        "locations_due_at": ("date or absent", "its locations are to be read from then on"),
        "time_zone": ("string or absent", "IANA, as Shopify told"),
        "time_zone_at": ("date or absent", "when"),
        "allow_negative": ("boolean or absent", "whether Shopify may be set below zero; absent: it may not"),
        "activate": (
            "boolean or absent",
            "whether a run stocks an item where Shopify does not stock it yet; absent: it does not",
        ),
        "settings_log": (
            "list of object or absent",
            "the last changes of the two settings above, and of `drift_policy`",
        ),
        "settings_log[].at": ("date", ""),
        "settings_log[].by": ("string", "who has changed it"),
        "settings_log[].setting": ("string", "its name"),
        "certification": ("object or absent", "what `trueup certify` noted before it changed anything; until restored"),
        "certification.run": ("string", "a ULID"),
        "certification.variant_id": ("string", "the variant that was named"),
        "certification.item_id": ("string", "its inventory item"),
        "certification.levels": ("list of object", "the two levels as they were"),
        "certification.levels[].location_id": ("string", ""),
        "certification.levels[].level": ("string or null", "its global id; null: there was none"),
        "certification.levels[].stocked": ("boolean", ""),
        "certification.levels[].available": ("number or null", "null: Shopify told none"),
        "certification.noted_at": ("date", ""),
        "certified_run": ("string or absent", "the last certification that was restored"),
        "certification.uri": ("string or null", "where its webhook subscriptions lead"),
        "settings_log[].before": ("boolean or number or string or null", "null: it was not set"),
        "settings_log[].after": ("boolean or number or string or null", ""),
        "job_no": ("number", "the number of the shop's latest job"),
        "boms_made": ("number or absent", "raised by makers of BOMs near the limit, so that they go one by one"),
        "plan_lease": ("object or absent", "the right to plan its jobs"),
        "plan_lease.owner": ("string or null", "the process"),
        "plan_lease.no": ("number", "raised each time it is taken"),
        "plan_lease.until": ("date", ""),
        "uninstall_told_at": ("date or absent", "a webhook says that the shop has left; Shopify is to be asked"),
        "redact_told_at": ("date or absent", "a webhook says that everything of it is to be deleted; likewise"),
        "redact_overdue_at": ("date or absent", "claimed though nobody asked for it: the shop left long ago"),
        "departure_asks": ("number or absent", "how often Shopify was asked"),
        "departure_asked_at": ("date or absent", "when last"),
        "drift_policy": (
            "object or string or absent",
            "what is done about missed webhooks; a string: that mode, the rest as by default",
        ),
        "drift_policy.mode": ("string", words(DriftMode)),
        "drift_policy.max_share": ("number", "of its cells, 0 to 1: above it a person is asked"),
        "drift_policy.max_move": ("number", "units of one cell: likewise"),
        "drift_policy.jobs_per_hour": ("number", ""),
        "drift_policy.quiet": ("object or null", "hours in which nothing is repaired"),
        "drift_policy.quiet.start": ("number", "minute of the day"),
        "drift_policy.quiet.end": ("number", "minute of the day"),
        "drift_policy.quiet.time_zone": ("string", "IANA"),
        "drift_breaker": ("object or null or absent", "automatic repair has stopped, and a person is asked"),
        "drift_breaker.reason": ("string", "in words for that person"),
        "drift_breaker.opened_at": ("date", ""),
        "drift_breaker.missed": ("number", "missed webhooks then"),
        "drift_breaker.cells": ("number", "of so many cells"),
        "sweep_lease": ("object or null or absent", "the right to sweep it"),
        "sweep_lease.owner": ("string", "the process"),
        "sweep_lease.until": ("date", ""),
        "sweep": ("object or absent", "where its sweeps stand"),
        "sweep.next_at": ("date or absent", "its next turn"),
        "sweep.watermark": ("date or absent", "Shopify's time up to which changes were looked at"),
        "sweep.full_at": ("date or absent", "when all cells were last looked at"),
        "sweep.last_at": ("date or absent", "when the last look ended"),
        "sweep.asked_at": ("date or null or absent", "a look is asked for since then"),
        "sweep.asked_full": ("boolean or absent", "at all cells"),
        "sweep.marker": ("string or absent", "the last marker processed: every webhook taken before it was, too"),
        "sweep.missed": ("number or absent", "webhooks of the last three days missed for good"),
        "sweep.late": ("number or absent", "that came late"),
        "sweep.received": ("number or absent", "received"),
        "sweep.lag_mean": ("number or null or absent", "seconds, of the last hour"),
        "sweep.lag_max": ("number or null or absent", "seconds, of the last hour"),
        "sweep.silent_since": ("date or null or absent", "no webhook has come since, which is unusual"),
        "sweep.expected": ("number or null or absent", "webhooks that usually come in this time"),
    },
)

COMPLIANCE = Described(
    "compliance",
    "A note of what a webhook asked for and what the answer was: requests about customers, of whom nothing is held, "
    "and departures of shops that have the app. Written by `shops/compliance`.",
    {
        **of_shop("shop, topic, answer, and the request or the day"),
        "topic": ("string", "the webhook's"),
        "request_id": ("string or null", "null: it names none, so one note stands for a day"),
        "answer": ("string", f"{NO_CUSTOMER_DATA} or {HAS_THE_APP}"),
        "at": ("date", "when it came first"),
        "last_at": ("date", "when it came last"),
        "times": ("number", "how often it came"),
    },
)

AUDIT = Described(
    "audit",
    "An act of a person or a foreign client. Written by `shops/audit`.",
    {
        "_id": ("string", "shop, entry_id, joined by a bar"),
        "shop": ("string or null", "null: a refused sign-in, which is no shop's"),
        "entry_id": ("string", "a ULID"),
        "at": ("date", ""),
        "act": ("string", "such as job.cancel"),
        "actor": ("string", "who asked"),
        "by": ("string", ", ".join(get_args(By))),
        "subject": ("string", "to what, an id"),
    },
)

DOCUMENTS = (SHOPS, COMPLIANCE, AUDIT)
