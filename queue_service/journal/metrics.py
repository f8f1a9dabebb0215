"""The journal's figures: how long a commit takes, how much goes into one, how much waits."""

from prometheus_client import Histogram

from queue_service.infra.metrics import Metrics
from queue_service.journal.batches import OnCommit
from queue_service.journal.store import Journal

_COMMIT_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


def commits(metrics: Metrics) -> OnCommit:
    """What the journal is to call after each commit."""
    commit_s = Histogram(
        "queue_journal_commit_seconds",
        "From handing a batch over to its being durable.",
        buckets=_COMMIT_BUCKETS_S,
        registry=metrics.registry,
    )
    entries = Histogram(
        "queue_journal_batch_entries", "Entries in one commit.", buckets=_BATCH_BUCKETS, registry=metrics.registry
    )

    def committed(took_s: float, count: int) -> None:
        commit_s.observe(took_s)
        entries.observe(count)

    return committed


def watch(metrics: Metrics, journal: Journal) -> None:
    """Tells of `journal` from now on, once in a process."""
    metrics.gauge("queue_journal_pending", "Entries that wait to be durable.", lambda: journal.pending)
