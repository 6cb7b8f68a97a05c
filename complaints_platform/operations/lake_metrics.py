"""Metrics that the lake knows: rows and days of tables, what came from each source and when, what waits."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from complaints_platform.freshness.staleness import StalenessWatch
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import TABLES
from complaints_platform.lake.receipts import DAYS_LOOKED_BACK, Receipt
from complaints_platform.operations.metrics import Gatherer, Metric, by_label, gauge
from complaints_platform.pipeline.quality import judge_senders
from complaints_platform.platform import Platform
from complaints_platform.sources.contract import SILENT_AFTER

LISTED_AT_MOST = 50_000
"""Files of a source's landing that are looked at; more than these wait longer than the number says."""

SENDERS_KEPT = 300.0
"""Seconds: what senders usually send changes by the day."""

TABLES_KEPT = 30.0
SEEN = timedelta(days=1)


class _Received:
    """Receipts of the newest days, each read once."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._known: dict[tuple[str, str], Receipt] = {}

    def since(self, time: datetime, sources: list[str]) -> list[Receipt]:
        """Return the receipts of the files received since ``time``, and of each source at least the newest day's."""
        receipts = self._lake.receipts
        wanted: set[tuple[str, str]] = set()
        missing = set(sources)
        for day in reversed(receipts.days()[-DAYS_LOOKED_BACK:]):
            if day < time.date() and not missing:
                break
            for source, files in receipts.marked_on(day).items():
                if source in missing or (day >= time.date() and source in sources):
                    wanted |= {(source, sha256) for sha256 in files}
                    missing.discard(source)
        for key in wanted - self._known.keys():
            receipt = receipts.get(*key)
            if receipt is not None:
                self._known[key] = receipt
        self._known = {key: receipt for key, receipt in self._known.items() if key in wanted}
        return list(self._known.values())


def lake_gatherers(platform: Platform) -> list[Gatherer]:
    """Return the gatherers of a lake, by how often it is worth to look."""
    lake, landing = platform.lake, platform.landing
    received, watch = _Received(lake), StalenessWatch()

    def tables() -> Iterator[Metric]:
        rows = {spec.sql_name: spec.table(lake).row_counts() for spec in TABLES}
        stale = platform.stale(watch).days
        waiting = {spec.sql_name: len(stale.get(f"{spec.schema}/{spec.name}", ())) for spec in TABLES}
        totals = {name: sum(counts.values()) for name, counts in rows.items()}
        yield by_label("table", "complaints_table_rows", "Rows of each table.", totals)
        days = {name: len(counts) for name, counts in rows.items()}
        yield by_label("table", "complaints_table_days", "Days of each table.", days)
        yield by_label("table", "complaints_stale_days", "Days of each table that are to be made again.", waiting)
        manifest = lake.manifests.newest()
        if manifest is not None:
            text = "When the state was published that queries show."
            at = manifest.published_at.timestamp()
            yield gauge("complaints_published_timestamp_seconds", text, [], {(): at})

    def sources() -> Iterator[Metric]:
        now = datetime.now(UTC)
        contracts = platform.contracts
        receipts = received.since(now - SEEN, list(contracts))
        yield from _of_receipts(receipts, now)
        silent = {name: SILENT_AFTER[each.cadence].total_seconds() for name, each in contracts.items()}
        text = "How long a source of this cadence may be silent."
        yield by_label("source", "complaints_source_silent_after_seconds", text, silent)
        looks = {name: landing.look(name, lake.arrivals.taken(name), most=LISTED_AT_MOST) for name in contracts}
        waiting = {name: len(look.waiting) for name, look in looks.items()}
        text = "Files in the landing that are not collected yet."
        yield by_label("source", "complaints_source_files_waiting", text, waiting)
        manifest = lake.manifests.newest()
        unseen = [each.received_at for each in receipts if manifest and each.received_at > manifest.published_at]
        waits = max(((now - time).total_seconds() for time in unseen), default=0.0)
        text = "Age of the oldest file of the last day that queries don't show yet."
        yield gauge("complaints_unpublished_seconds", text, [], {(): waits})

    def senders() -> Iterator[Metric]:
        judged = judge_senders(lake, platform.contracts, platform.settings.holidays, [], datetime.now(UTC))
        verdicts = [each for found in judged.values() for each in found]
        reported = {(each.source, each.measure): each for each in verdicts if each.points}
        newest = {key: each.points[-1] for key, each in reported.items()}
        sides = {"value": "value", "usual": "usual", "at_least": "lower", "at_most": "upper"}
        yield gauge(
            "complaints_source_measure",
            "What each source sent on the newest day, what is usual and what is allowed.",
            ["source", "measure", "side"],
            {
                (*key, side): float(number)
                for key, point in newest.items()
                for side, attribute in sides.items()
                if (number := getattr(point, attribute)) is not None
            },
        )
        yield gauge(
            "complaints_source_unusual_days",
            "Days among the newest on which a measure of a source was not as usual.",
            ["source", "measure"],
            {key: float(len(each.failing)) for key, each in reported.items()},
        )

    return [
        Gatherer("tables", tables, TABLES_KEPT),
        Gatherer("sources", sources),
        Gatherer("senders", senders, SENDERS_KEPT),
    ]


def _of_receipts(receipts: list[Receipt], now: datetime) -> Iterator[Metric]:
    last: dict[str, float] = {}
    for receipt in receipts:
        last[receipt.source] = max(last.get(receipt.source, 0.0), receipt.received_at.timestamp())
    text = "When the newest file of a source was received."
    yield by_label("source", "complaints_source_last_received_timestamp_seconds", text, last)
    counted: dict[str, tuple[str, Callable[[Receipt], int]]] = {
        "files": ("Files received in the last 24 hours.", lambda _: 1),
        "received": ("Records received in the last 24 hours.", lambda receipt: receipt.received),
        "filtered": (
            "Records of the last 24 hours that the contract says are no complaints.",
            lambda receipt: receipt.filtered,
        ),
        "quarantined": ("Records quarantined in the last 24 hours.", lambda receipt: receipt.quarantined),
    }
    for name, (text, number) in counted.items():
        counts = dict.fromkeys(last, 0)
        for receipt in receipts:
            if receipt.received_at >= now - SEEN:
                counts[receipt.source] += number(receipt)
        yield by_label("source", f"complaints_source_{name}_24h", text, counts)
