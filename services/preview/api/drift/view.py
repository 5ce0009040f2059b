"""Missed webhooks, the policy of their repair and the hours of drift as they are shown."""

from __future__ import annotations

from dataclasses import asdict

from services.preview.api.drift.models import (
    BreakerOut,
    DriftHour,
    DriftOut,
    DriftPage,
    DriftPolicy,
    OpenAtOut,
    QuietHoursModel,
    RepairPlanOut,
)
from services.preview.api.times_of_day import written
from shared.domain.drift import RepairPolicy, becomes, loss_ratio
from shared.mongodb.drift.history import HourOfDrift
from shared.mongodb.drift.missed import MissedState, MissedWebhook, OpenAt
from shared.mongodb.drift.sweeps import Breaker, SweepState


def drift_policy(policy: RepairPolicy) -> DriftPolicy:
    """From the shop's policy."""
    quiet = policy.quiet
    hours = None
    if quiet is not None:
        # As it is stored: whose zone is not known any more must be seen to be corrected.
        hours = QuietHoursModel.model_construct(
            start=written(quiet.start), end=written(quiet.end), time_zone=quiet.time_zone
        )
    return DriftPolicy(
        mode=policy.mode,
        max_share=policy.max_share,
        max_move=policy.max_move,
        jobs_per_hour=policy.jobs_per_hour,
        quiet_hours=hours,
    )


def drift_page(listed: list[MissedWebhook], cursor: str | None, state: SweepState, unrepaired: int) -> DriftPage:
    """From a page and the shop's state."""
    return DriftPage(
        items=[drift_out(missed) for missed in listed],
        next_cursor=cursor,
        unrepaired_cells=unrepaired,
        breaker=None if state.breaker is None else _breaker_out(state.breaker),
        missed=state.missed,
        late=state.late,
        received=state.received,
        webhook_loss_ratio=loss_ratio(state.missed, state.received),
        webhook_lag_mean=state.lag_mean,
        webhook_lag_max=state.lag_max,
        silent_since=state.silent_since,
        expected_webhooks=state.expected,
        last_sweep_at=state.last_at,
        last_full_sweep_at=state.full_at,
    )


def drift_out(missed: MissedWebhook) -> DriftOut:
    """From its record."""
    return DriftOut.model_validate(
        {
            "drift_id": missed.drift_id,
            "state": str(missed.state),
            "bom_id": missed.key.bom_id,
            "bom_name": missed.bom_name,
            "location_id": missed.key.location_id,
            "location_name": missed.location_name,
            "base": missed.base,
            "shopify_value": missed.shopify,
            "local_value": missed.local,
            "becomes": becomes(missed.cell_class, missed.base, missed.shopify, missed.local),
            "cell_class": missed.cell_class,
            "shopify_value_at": missed.shopify_time,
            "since": missed.since,
            "confirmed_at": None if missed.state is MissedState.WATCHED else missed.taken_at,
            "detected_at": missed.detected_at,
            "late": missed.late,
            "late_at": missed.late_at,
            "held": missed.held,
            "approved_by": missed.approved_by,
            "job_id": missed.job_id,
            "outcome": None if missed.outcome is None else str(missed.outcome),
            "note": missed.note,
            "ended_at": missed.ended_at,
        }
    )


def repair_plan(found: list[OpenAt]) -> RepairPlanOut:
    """From what stands open by location and class."""
    cells = sum(one.cells for one in found)
    return RepairPlanOut(
        items=[OpenAtOut.model_validate(asdict(one)) for one in found],
        cells=cells,
        waiting=cells - sum(one.approved for one in found),
        largest_move=max((one.largest_move for one in found), default=0),
    )


def _breaker_out(breaker: Breaker) -> BreakerOut:
    return BreakerOut(reason=breaker.reason, opened_at=breaker.opened_at, missed=breaker.missed, cells=breaker.cells)


def drift_hour(hour: HourOfDrift) -> DriftHour:
    """From the stored one."""
    ratio = None if hour.received is None else loss_ratio(hour.missed, hour.received)
    return DriftHour(
        hour=hour.hour,
        sweeps=hour.sweeps,
        compared_cells=hour.compared,
        missed=hour.missed,
        late=hour.late,
        repaired=hour.repaired,
        received=hour.received,
        webhook_loss_ratio=ratio,
        webhook_lag_mean=hour.lag_mean,
        webhook_lag_max=hour.lag_max,
    )
