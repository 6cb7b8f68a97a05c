"""Full text over redacted complaints: a tantivy index in the cache folder, brought up to date by day.

The index holds what a list of complaints shows, so that a page of results opens no table. Days are indexed
newest first and can be searched as soon as they are in; a day whose file has changed is replaced as a whole. The
index only saves work: without it, or with another layout, it is built again from ``categorized.complaints``.

People type what they like: words must all occur, ``"several words"`` stand together, ``-word`` must not occur, and
everything else in a query is taken for a space.
"""

import base64
import binascii
import hashlib
import logging
import re
import shutil
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import orjson
import polars as pl
import tantivy

from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CATEGORIZED
from complaints_platform.lake.manifests import Manifest
from complaints_platform.schemas import NO_VALUE, Outcome
from complaints_platform.serving.failures import RequestFailed
from complaints_platform.serving.models import ComplaintItem
from complaints_platform.serving.scope import DIMENSIONS, Filters, IncidentScope, Period

log = logging.getLogger(__name__)

LAYOUT_VERSION = "1"
"""Raised when the index is built differently; an older one is then built again."""

WRITER_BYTES = 100_000_000
WRITER_THREADS = 1
BATCH_ROWS = 250_000
"""While an index is first built, what is in it can be searched after so many rows each."""

MOST_RANKED = 1000
"""By relevance no more results than this can be paged through."""
KEPT_RANKINGS = 128
WITHOUT_NONE = ("complaint_id", "near_duplicate_of", "duplicate_of", "customer_key", "text", "outcome")
LONGEST_WORD = 60
MOST_WORDS = 32
SAME_KEY = 64
"""Complaints with one and the same sort key that a page is read beyond its end for."""

ITEM_COLUMNS = [name for name in ComplaintItem.model_fields if name not in {"severity", "sentiment"}]
COLUMNS = [*ITEM_COLUMNS, "customer_key", "outcome", "duplicate_of"]
TERMS = (*DIMENSIONS, "complaint_id", "near_duplicate_of", "duplicate_of", "customer_key", "partition", "outcome")
SECONDS_BITS = 32
WORD = re.compile(r'(-?)(?:"([^"]*)"|(\S+))')
NOT_A_WORD = re.compile(r"[^\w']+")

Sort = Literal["newest", "relevance"]


@dataclass(frozen=True)
class SearchRequest:
    """A search."""

    words: str
    period: Period | None
    time_zone: str
    filters: Filters
    needs_review: bool | None = None
    near_duplicates: bool | None = None
    customer_key: str | None = None
    complaint_ids: tuple[str, ...] = ()
    near_duplicate_of: str | None = None
    duplicate_of: str | None = None
    outcome: str | None = Outcome.COMPLAINT
    """Outcome of the record; None: any."""
    counted: IncidentScope | None = None
    """Only the complaints of an incident."""

    @property
    def digest(self) -> str:
        """Hash that identifies a search; an incident stays the same while it grows."""
        incident = self.counted and self.counted.incident_id
        return hashlib.sha256(repr((replace(self, counted=None), incident)).encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Page:
    """Results of a search."""

    items: list[ComplaintItem]
    total: int
    next_cursor: str | None
    state: "IndexState"


@dataclass(frozen=True)
class IndexState:
    """What is in the index."""

    manifest: int
    published_at: datetime | None
    files: Mapping[str, tuple[str, ...]]
    """Day → paths of the table's files that its rows come from."""

    @property
    def days(self) -> tuple[date, date] | None:
        """The first and last day (UTC) that can be searched."""
        return (date.fromisoformat(min(self.files)), date.fromisoformat(max(self.files))) if self.files else None


@dataclass(frozen=True)
class _View:
    """A searcher and the state it sees."""

    searcher: Any
    state: IndexState


class SearchIndex:
    """The index of one lake. Safe to search from several threads."""

    def __init__(self, lake: Lake, folder: Path) -> None:
        """Open the index in ``folder``, or begin one."""
        self._lake = lake
        self._folder = folder / "index"
        self._state_file = folder / "index.json"
        self._schema = _schema()
        self._index, state = self._open()
        self._view = _View(self._index.searcher(), state)
        self._rankings: OrderedDict[tuple[int, str], tuple[_View, list[Any], int]] = OrderedDict()
        self._lock = threading.Lock()
        self._refreshing = threading.Lock()

    @property
    def state(self) -> IndexState:
        """What can be searched by now."""
        return self._view.state

    def refresh(self, manifest: Manifest | None, stop: threading.Event | None = None) -> bool:
        """Bring the index up to date with a manifest's ``categorized.complaints``; tell whether anything has changed.

        When ``stop`` is set, the index is left as far as it is.

        Raises:
            LakeError: the table can't be read.
        """
        with self._refreshing:
            state = self._view.state
            if manifest is None or (manifest.number, manifest.published_at) == (state.manifest, state.published_at):
                return False
            table = CATEGORIZED.table_in(self._lake, manifest)
            paths: dict[str, tuple[str, ...]] = {}
            for file in sorted(table.files(), key=lambda file: file.path):
                paths[file.partition] = (*paths.get(file.partition, ()), file.path)
            there = dict(state.files)
            changed = sorted((day for day in {*there, *paths} if there.get(day) != paths.get(day)), reverse=True)
            growing = not there
            if changed:
                writer = self._index.writer(WRITER_BYTES, WRITER_THREADS)
                waiting = 0
                frames = table.read_days([date.fromisoformat(day) for day in changed if day in paths], COLUMNS)
                for day in changed:
                    if stop is not None and stop.is_set():
                        writer.rollback()
                        return False
                    writer.delete_documents_by_term("partition", day)
                    there.pop(day, None)
                    if day in paths:
                        records = next(frames).frame
                        for document in _documents(records, day):
                            writer.add_json(document)
                        waiting += records.height
                        there[day] = paths[day]
                    if growing and waiting >= BATCH_ROWS:
                        waiting = 0
                        self._commit(writer, IndexState(0, manifest.published_at, dict(there)))
                self._commit(writer, IndexState(manifest.number, manifest.published_at, there))
                writer.wait_merging_threads()
            else:
                self._note(IndexState(manifest.number, manifest.published_at, there))
            return True

    def search(self, request: SearchRequest, sort: Sort, limit: int, cursor: str | None) -> Page:
        """Return a page of complaints.

        By time, a page goes on where the last one ended, whatever has come since. By relevance, the order is
        that of the first page for as long as it is remembered.

        Raises:
            RequestFailed: 400, the cursor is none of ours.
        """
        if sort == "relevance" and _words(request.words):
            return self._ranked(request, limit, cursor)
        return self._newest(request, limit, cursor)

    def find(self, complaint_id: str) -> ComplaintItem | None:
        """Return a record by its id, if it is indexed; of several, the complaint."""
        found = self.some(complaint_ids=(complaint_id,)) or self.some(complaint_ids=(complaint_id,), outcome=None)
        return found[0] if found else None

    def some(self, limit: int = 50, **request: Any) -> list[ComplaintItem]:
        """Return records by identities (fields of ``SearchRequest``), newest first."""
        return self._newest(SearchRequest("", None, "UTC", Filters({}), **request), limit, None).items

    def _newest(self, request: SearchRequest, limit: int, cursor: str | None) -> Page:
        view = self._view
        after = None if cursor is None else _key_of(cursor)
        query = self._query(request)
        if after is None:
            found = view.searcher.search(query, limit + SAME_KEY, order_by_field="key")
            hits, total = found.hits, found.count
        else:
            total = view.searcher.search(query, 1).count
            rest = _and([query, self._keys(0, after[0])])
            hits = view.searcher.search(rest, limit + SAME_KEY, count=False, order_by_field="key").hits
        rows = [(-key, item.complaint_id, item) for key, item in ((key, _item(view, address)) for key, address in hits)]
        if after is not None:
            rows = [row for row in rows if row[:2] > (-after[0], after[1])]
        rows.sort(key=lambda row: row[:2])
        page = rows[:limit]
        next_cursor = _encoded("t", [-page[-1][0], page[-1][1]]) if page and len(rows) > limit else None
        return Page([item for *_, item in page], total, next_cursor, view.state)

    def _ranked(self, request: SearchRequest, limit: int, cursor: str | None) -> Page:
        manifest, digest, offset = (0, request.digest, 0) if cursor is None else _place_of(cursor)
        if digest != request.digest:
            raise _bad_cursor()
        known = self._rankings.get((manifest, digest)) if cursor is not None else None
        if known is None:
            view = self._view
            found = view.searcher.search(self._query(request), MOST_RANKED)
            known = view, [address for _, address in found.hits], found.count
        view, addresses, total = known
        key = (view.state.manifest, digest)
        with self._lock:
            self._rankings[key] = known
            self._rankings.move_to_end(key)
            while len(self._rankings) > KEPT_RANKINGS:
                self._rankings.popitem(last=False)
        more = offset + limit < len(addresses)
        next_cursor = _encoded("r", [*key, offset + limit]) if more else None
        items = [_item(view, address) for address in addresses[offset : offset + limit]]
        return Page(items, total, next_cursor, view.state)

    def _query(self, request: SearchRequest) -> Any:
        parts = [self._text_query(request.words)]
        if request.period is not None:
            parts.append(self._times(*request.period.instants(request.time_zone)))
        if request.counted is not None:
            parts += [self._times(request.counted.start, request.counted.end), self._cells(request.counted)]
        for name, values in request.filters.where.items():
            parts.append(self._any_of(name, [NO_VALUE if value is None else value for value in values]))
        if request.complaint_ids:
            parts.append(self._any_of("complaint_id", request.complaint_ids))
        for name in ("customer_key", "near_duplicate_of", "duplicate_of", "outcome"):
            if (value := getattr(request, name)) is not None:
                parts.append(self._any_of(name, [value]))
        for name, flag in (("needs_review", request.needs_review), ("repeats", request.near_duplicates)):
            if flag is not None:
                parts.append(tantivy.Query.term_query(self._schema, name, flag, "basic"))
        return _and(parts)

    def _text_query(self, words: str) -> Any:
        parts = []
        for negated, text in _words(words):
            query, _ = self._index.parse_query_lenient(f'"{text}"' if " " in text else text, ["text"])
            parts.append((tantivy.Occur.MustNot if negated else tantivy.Occur.Must, query))
        if all(occur == tantivy.Occur.MustNot for occur, _ in parts):
            parts.append((tantivy.Occur.Must, tantivy.Query.all_query()))
        return tantivy.Query.boolean_query(parts)

    def _any_of(self, name: str, values: Iterable[str]) -> Any:
        return tantivy.Query.const_score_query(tantivy.Query.term_set_query(self._schema, name, list(values)), 0.0)

    def _cells(self, counted: IncidentScope) -> Any:
        """Match any of the cells; those that differ by their region only are looked up together."""
        regions: dict[tuple[str | None, str | None], list[str | None]] = {}
        for category, region, channel in counted.cells:
            regions.setdefault((category, channel), []).append(region)
        either = []
        for (category, channel), of_region in regions.items():
            named = {"category": [category], "channel": [channel], "region": of_region}
            parts = [
                self._any_of(name, [value for value in values if value is not None])
                for name, values in named.items()
                if None not in values
            ]
            either.append((tantivy.Occur.Should, _and(parts or [tantivy.Query.all_query()])))
        return tantivy.Query.const_score_query(tantivy.Query.boolean_query(either), 0.0)

    def _times(self, start: datetime, end: datetime) -> Any:
        """Match from one time to before another."""
        first, last = max(0, int(start.timestamp())), max(1, int(end.timestamp()))
        return self._keys(first << SECONDS_BITS, (last << SECONDS_BITS) - 1)

    def _keys(self, lower: int, upper: int) -> Any:
        keys = tantivy.Query.range_query(self._schema, "key", tantivy.FieldType.Unsigned, lower, upper)
        return tantivy.Query.const_score_query(keys, 0.0)

    def _commit(self, writer: Any, state: IndexState) -> None:
        # Killed in between, days are in the index that the state does not name yet: they are replaced then.
        writer.commit()
        self._note(state)

    def _note(self, state: IndexState) -> None:
        temporary = self._state_file.with_suffix(".tmp")
        temporary.write_bytes(orjson.dumps({"layout": LAYOUT_VERSION, **vars(state)}))
        temporary.replace(self._state_file)
        self._index.reload()
        self._view = _View(self._index.searcher(), state)

    def _open(self) -> tuple[Any, IndexState]:
        try:
            fields = orjson.loads(self._state_file.read_bytes())
            if fields["layout"] == LAYOUT_VERSION:
                files = {day: tuple(paths) for day, paths in fields["files"].items()}
                published = fields["published_at"] and datetime.fromisoformat(fields["published_at"])
                # The lake may have been created again since: the first refresh notices by its files.
                return self._registered(), IndexState(0, published, files)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            if not isinstance(error, FileNotFoundError):
                log.warning("the search index is built again: %s", error)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        return self._registered(), IndexState(0, None, {})

    def _registered(self) -> Any:
        index = tantivy.Index(self._schema, path=str(self._folder))
        words = (
            tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
            .filter(tantivy.Filter.remove_long(LONGEST_WORD))
            .filter(tantivy.Filter.lowercase())
            .filter(tantivy.Filter.ascii_fold())
            .build()
        )
        index.register_tokenizer("words", words)
        return index


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    for name in TERMS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("text", tokenizer_name="words", index_option="position")
    builder.add_boolean_field("needs_review", indexed=True)
    builder.add_boolean_field("repeats", indexed=True)
    builder.add_unsigned_field("key", fast=True)
    builder.add_bytes_field("item", stored=True)
    return builder.build()


def _documents(complaints: pl.DataFrame, day: str) -> list[str]:
    """Return the index's documents of a day's records, as JSON."""
    if complaints.is_empty():
        return []
    stored = complaints.with_columns(day=pl.lit(day))
    times = [name for name, dtype in stored.schema.items() if dtype == pl.Datetime("us", "UTC")]
    item = (
        pl.struct(
            pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ") if name in times else pl.col(name)
            for name in ITEM_COLUMNS
        )
        .struct.json_encode()
        .str.encode("base64")
    )
    seconds = pl.col("occurred_at").dt.epoch("s").cast(pl.UInt64)
    # Within a second, the order is by the id, of which hashes are uniform.
    within = pl.col("complaint_id").str.slice(0, 8).str.to_integer(base=16, strict=False).fill_null(0).cast(pl.UInt64)
    lines = stored.select(
        *(pl.col(name).fill_null(NO_VALUE) for name in DIMENSIONS),
        *(pl.col(name).fill_null("") for name in WITHOUT_NONE),
        partition=pl.lit(day),
        needs_review=pl.col("needs_review").fill_null(value=False),
        repeats=pl.col("near_duplicate_of").is_not_null(),
        key=seconds * (1 << SECONDS_BITS) + within,
        item=item,
    ).write_ndjson()
    return lines.splitlines() if lines else []


def _item(view: _View, address: Any) -> ComplaintItem:
    return ComplaintItem.model_validate_json(view.searcher.doc(address).get_first("item"))


def _words(text: str) -> list[tuple[bool, str]]:
    """Return the words and phrases of what somebody typed, each with whether it must not occur."""
    found = []
    for match in WORD.finditer(text):
        cleaned = NOT_A_WORD.sub(" ", match[2] if match[2] is not None else match[3]).replace("'", " ").strip()
        # Lower case, so that AND, OR, NOT, IN and TO are words like others.
        if cleaned:
            found.append((bool(match[1]), " ".join(cleaned.lower().split())))
    return found[:MOST_WORDS]


def _and(queries: Sequence[Any]) -> Any:
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, query) for query in queries])


def _encoded(kind: str, place: list[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([kind, *place])).decode().rstrip("=")


def _decoded(cursor: str) -> Any:
    try:
        return orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise _bad_cursor() from error


def _key_of(cursor: str) -> tuple[int, str]:
    match _decoded(cursor):
        case ["t", int(key), str(complaint_id)] if 0 <= key < 1 << 64:
            return key, complaint_id
    raise _bad_cursor()


def _place_of(cursor: str) -> tuple[int, str, int]:
    match _decoded(cursor):
        case ["r", int(manifest), str(digest), int(offset)] if 0 <= offset <= MOST_RANKED:
            return manifest, digest, offset
    raise _bad_cursor()


def _bad_cursor() -> RequestFailed:
    return RequestFailed(
        400, "invalid_cursor", "this cursor is not one of this search", "take next_cursor as the last page gave it"
    )
