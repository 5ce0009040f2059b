"""Do broker and store carry the work?"""

from deploy.grafana.panels import Dashboard, Panel, Query, Row
from deploy.grafana.queries import WINDOW, happened, per_second, quantile

_OURS = '{queue=~"trueup[.].+"}'
_TAKEN = 'trueup_messages_total{outcome=~"ack|dead"}'

QUEUES = Dashboard(
    "queues",
    "Queues and stores",
    "RabbitMQ's queues and who works on them; the broker's and MongoDB's health.",
    (
        Row(
            "What waits?",
            (
                Panel(
                    1,
                    "queue-ready",
                    "Messages that wait",
                    (Query(f"sum by (queue) (rabbitmq_detailed_queue_messages_ready{_OURS})", "{{queue}}"),),
                ),
                Panel(
                    2,
                    "queue-age",
                    "Time until what waits is taken",
                    (
                        Query(
                            f"sum by (queue) (rabbitmq_detailed_queue_messages_ready{_OURS})"
                            f" / clamp_min(sum by (queue) (rate({_TAKEN}[{WINDOW}])), 1 / 600)",
                            "{{queue}}",
                        ),
                    ),
                    "s",
                    "Messages that wait by those taken per second: RabbitMQ tells no ages of quorum queues.",
                    ("OldestMessage",),
                ),
                Panel(
                    3,
                    "queue-unacked",
                    "Messages in work",
                    (Query(f"sum by (queue) (rabbitmq_detailed_queue_messages_unacked{_OURS})", "{{queue}}"),),
                ),
            ),
        ),
        Row(
            "Does somebody work on it?",
            (
                Panel(
                    4,
                    "queue-consumers",
                    "Consumers",
                    (Query(f"sum by (queue) (rabbitmq_detailed_queue_consumers{_OURS})", "{{queue}}"),),
                    alerts=("ConsumerMissing",),
                ),
                Panel(
                    5,
                    "partitions",
                    "Cell partitions held, of 16",
                    (Query("sum(trueup_partitions_held)", "all workers"),),
                    alerts=("PartitionsUnheld",),
                ),
                Panel(
                    6,
                    "lanes",
                    "Cells in the workers' lanes",
                    (Query("sum(trueup_lane_cells)", "cells"),),
                ),
            ),
        ),
        Row(
            "How are messages handled?",
            (
                Panel(
                    7,
                    "messages",
                    "Messages handled",
                    (per_second("trueup_messages_total", "queue, outcome", "{{queue}} {{outcome}}"),),
                    "ops",
                ),
                Panel(
                    8,
                    "message-seconds",
                    "From delivery to acknowledgement, 95 %",
                    (quantile(0.95, "trueup_message_seconds", "{{queue}}", "queue"),),
                    "s",
                ),
            ),
        ),
        Row(
            "What went astray?",
            (
                Panel(
                    21,
                    "message-oldest",
                    "Oldest message in work",
                    (Query("max by (queue) (trueup_message_oldest_seconds)", "{{queue}}"),),
                    "s",
                    alerts=("MessageHeld",),
                ),
                Panel(
                    22,
                    "dead-lettering",
                    "Messages that RabbitMQ has on their way to the dead letters",
                    (
                        Query(
                            f"sum by (queue) (rabbitmq_detailed_queue_messages{_OURS}"
                            f" - rabbitmq_detailed_queue_messages_ready{_OURS}"
                            f" - rabbitmq_detailed_queue_messages_unacked{_OURS})",
                            "{{queue}}",
                        ),
                    ),
                    alerts=("DeadLetteringStuck",),
                ),
                Panel(
                    9,
                    "dead-letters",
                    "Messages dead-lettered",
                    (happened("trueup_dead_letters_total", "queue"),),
                    kind="table",
                    alerts=("DeadLetters",),
                ),
                Panel(
                    10,
                    "watchdog",
                    "Cells published again by the watchdog",
                    (happened("trueup_watchdog_republished_total", "queue"),),
                    kind="table",
                    alerts=("WatchdogRepublishing",),
                ),
            ),
        ),
        Row(
            "Is the broker well?",
            (
                Panel(
                    11,
                    "broker-memory",
                    "Share of the memory limit in use",
                    (
                        Query(
                            "max(rabbitmq_process_resident_memory_bytes / rabbitmq_resident_memory_limit_bytes)",
                            "fullest node",
                        ),
                    ),
                    "percentunit",
                    "At 100 % publishers are blocked.",
                    ("BrokerBlocked",),
                ),
                Panel(
                    12,
                    "broker-connections",
                    "Connections",
                    (Query("sum(rabbitmq_connections)", "connections"),),
                    meaning="Each service has one to publish and one to consume.",
                    alerts=("ServiceDown",),
                ),
                Panel(
                    13,
                    "broker-messages",
                    "Messages through the broker",
                    (
                        Query(f"sum(rate(rabbitmq_global_messages_received_total[{WINDOW}]))", "published"),
                        Query(f"sum(rate(rabbitmq_global_messages_acknowledged_total[{WINDOW}]))", "acknowledged"),
                    ),
                    "ops",
                ),
            ),
        ),
        Row(
            "Is MongoDB well?",
            (
                Panel(
                    14,
                    "store-primary",
                    "Primaries, by replica set",
                    (Query("sum by (rs_nm) (mongodb_rs_myState == bool 1)", "{{rs_nm}}"),),
                    alerts=("StoreDown",),
                ),
                Panel(
                    15,
                    "store-operations",
                    "Operations",
                    (per_second("mongodb_ss_opcounters", "legacy_op_type", "{{legacy_op_type}}"),),
                    "ops",
                ),
                Panel(
                    16,
                    "store-transactions",
                    "Transactions",
                    (
                        Query(f"sum(rate(mongodb_ss_transactions_totalCommitted[{WINDOW}]))", "committed"),
                        Query(f"sum(rate(mongodb_ss_transactions_totalAborted[{WINDOW}]))", "aborted"),
                    ),
                    "ops",
                    "Aborted ones are tried again; many of them mean that writers meet on the same cells.",
                ),
                Panel(
                    17,
                    "store-connections",
                    "Connections",
                    (Query('sum(mongodb_ss_connections{conn_type="current"})', "connections"),),
                ),
                Panel(
                    18,
                    "store-cache",
                    "Share of the cache in use",
                    (
                        Query(
                            "max(mongodb_ss_wt_cache_bytes_currently_in_the_cache"
                            " / mongodb_ss_wt_cache_maximum_bytes_configured)",
                            "fullest node",
                        ),
                    ),
                    "percentunit",
                ),
            ),
        ),
        Row(
            "Do the processes come to what is due?",
            (
                Panel(
                    19,
                    "loop-lag",
                    "Share of the time in which the event loop is late",
                    (
                        Query(
                            f"max by (job, instance) (rate(trueup_event_loop_lag_seconds_sum[{WINDOW}]))",
                            "{{job}} {{instance}}",
                        ),
                    ),
                    "percentunit",
                    "What computes holds up every webhook, message and lease of its process.",
                    alerts=("EventLoopLag",),
                ),
                Panel(
                    20,
                    "silent-rounds",
                    "Since each round has last ended well",
                    (Query("max by (round) (trueup_round_age_seconds)", "{{round}}"),),
                    "s",
                    "A round is what a process does again and again beside its messages: it takes up what was lost.",
                    alerts=("RoundSilent",),
                ),
            ),
        ),
    ),
)
