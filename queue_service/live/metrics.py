"""The live views' figures: who follows what."""

from queue_service.infra.metrics import Metrics
from queue_service.live.channels import Hub


def watch(metrics: Metrics, hub: Hub) -> None:
    """Tells of `hub` from now on, once in a process."""
    metrics.gauge_by(["view"], "queue_views_followed", "Sockets that follow a view, by the view.", hub.followed)
