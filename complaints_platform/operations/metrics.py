"""Metrics in Prometheus' text format: what a metric is, how metrics are gathered and for how long they are kept.

Nothing is counted while work is done: all numbers are read from the lake (``lake_metrics``) and from Dagster's instance
(``instance.metrics``) when somebody asks, because they stand there anyway, for every process.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from complaints_platform.alerting.outbox import Outbox

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS_KEPT = 15.0
"""Whoever asks again within this time gets the same numbers: scrapes cost the lake nothing then."""

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Metric:
    """One gauge: its name, what it means, and its values by labels."""

    name: str
    help: str
    values: Mapping[Labels, float]


def gauge(name: str, text: str, labels: Sequence[str], values: Mapping[tuple[str, ...], float]) -> Metric:
    """Return a gauge whose values are given by the values of its ``labels``, in their order."""
    return Metric(name, text, {tuple(zip(labels, key, strict=True)): value for key, value in values.items()})


def by_label(label: str, name: str, text: str, values: Mapping[str, float]) -> Metric:
    """Return a gauge with one label."""
    return gauge(name, text, [label], {(value,): float(number) for value, number in values.items()})


@dataclass(frozen=True)
class Gatherer:
    """Something that knows metrics; ``name`` tells which one failed."""

    name: str
    gather: Callable[[], Iterable[Metric]]
    seconds_kept: float = SECONDS_KEPT


def outbox_gatherer(outbox: Outbox) -> Gatherer:
    """Return the gatherer of the outbox."""

    def gather() -> Iterator[Metric]:
        yield by_label("state", "complaints_outbox_notifications", "Notifications by state.", outbox.counts())
        oldest = outbox.oldest_unsent()
        age = 0.0 if oldest is None else max(0.0, (datetime.now(UTC) - oldest).total_seconds())
        yield gauge("complaints_outbox_oldest_seconds", "Age of the oldest notification not sent yet.", [], {(): age})

    return Gatherer("outbox", gather)


class Metrics:
    """All metrics of some gatherers. Safe for several threads: one gathers, the others wait for its numbers."""

    def __init__(self, gatherers: Sequence[Gatherer], clock: Callable[[], float] = time.monotonic) -> None:
        self._gatherers = gatherers
        self._clock = clock
        self._lock = Lock()
        self._kept: dict[str, tuple[float, list[Metric], bool]] = {}

    def gather(self) -> list[Metric]:
        """Return all metrics, and which gatherers failed: a scrape never fails as a whole."""
        with self._lock:
            found = [metric for gatherer in self._gatherers for metric in self._of(gatherer)]
            up = {each.name: float(self._kept[each.name][2]) for each in self._gatherers}
        return [*found, by_label("part", "complaints_metrics_up", "1 if this part of the metrics could be read.", up)]

    def text(self) -> bytes:
        """Return all metrics as Prometheus reads them."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Families(self.gather()))
        return generate_latest(registry)

    def _of(self, gatherer: Gatherer) -> list[Metric]:
        now = self._clock()
        kept = self._kept.get(gatherer.name)
        if kept is not None and now - kept[0] < gatherer.seconds_kept:
            return kept[1]
        try:
            metrics, up = list(gatherer.gather()), True
        except Exception:  # whatever one part meets, the others must still be seen
            logging.getLogger(__name__).exception("metrics of %s could not be read", gatherer.name)
            metrics, up = [], False
        self._kept[gatherer.name] = (now, metrics, up)
        return metrics


class _Families:
    """Metrics as prometheus_client collects them."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for metric in self._metrics:
            names = [name for name, _ in next(iter(metric.values), ())]
            family = GaugeMetricFamily(metric.name, metric.help, labels=names)
            for labels, value in metric.values.items():
                family.add_metric([text for _, text in labels], value)
            yield family
