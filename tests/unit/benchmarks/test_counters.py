"""Counters are the kernel's and the servers' own: what is between two looks, by unit of work."""

from __future__ import annotations

import os

from benchmarks.measuring.counters import Counts, messages_of, resident, trees
from benchmarks.scenes.plan import seconds_of_points

METRICS = """
# TYPE rabbitmq_global_messages_received_total counter
rabbitmq_global_messages_received_total{protocol="amqp091"} 1200
rabbitmq_global_messages_received_total{protocol="mqtt310"} 3
rabbitmq_global_messages_confirmed_total{protocol="amqp091"} 1100
rabbitmq_global_messages_delivered_total{protocol="amqp091",queue_type="rabbit_quorum_queue"} 7
rabbitmq_global_messages_routed_total{protocol="amqp091"} 5000
"""


def test_messages_are_summed_over_protocols() -> None:
    """Those published are what RabbitMQ received; what it routed is another number."""
    assert messages_of(METRICS) == {"published": 1203, "confirmed": 1100, "delivered": 7}


def test_what_is_between_two_looks_is_told_by_unit() -> None:
    """Processor time in milliseconds; a process that began meanwhile has used all that it shows."""
    before = Counts({"a": 1.0}, {"inserts": 100}, {"published": 10})
    after = Counts({"a": 3.0, "late": 0.5}, {"inserts": 1100}, {"published": 1010})
    used = after.since(before).per(1000)
    assert used["ms"] == {"a": 2.0, "late": 0.5}
    assert used["ms_total"] == 2.5
    assert (used["mongodb"], used["amqp"]) == ({"inserts": 1.0}, {"published": 1.0})


def test_memory_is_that_of_a_process_and_its_children() -> None:
    """Of one that has ended, none."""
    assert resident(trees({"this": os.getpid()}))["this"] > 1
    assert resident({"gone": [2**22 + 1]}) == {"gone": 0.0}


def test_points_take_what_the_bucket_does_not_hold() -> None:
    """2,000 points at once and 100 a second on the Standard plan."""
    assert seconds_of_points(3500, plan="standard", full=True) == 15
    assert seconds_of_points(3500, plan="standard", full=False) == 35
    assert seconds_of_points(1000, plan="standard", full=True) == 0
