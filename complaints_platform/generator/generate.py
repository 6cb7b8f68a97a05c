"""All files of all days, in the order in which they would arrive."""

from collections.abc import Iterator
from datetime import date, timedelta

from complaints_platform.generator.days import Days
from complaints_platform.generator.options import GeneratedFile, GeneratorOptions
from complaints_platform.generator.records import Record
from complaints_platform.generator.senders import SENDERS
from complaints_platform.generator.truth import Truth

_WEEK = 7
_REDELIVERED = {3: "sms", 5: "web_forms"}
"""Day of each week (from the first day) → source that sends one of its files a second time, under another name."""
_EMPTY_FILE = 2
"""Day of each week on which the social-media stream leaves a file without a byte."""


def generate_files(options: GeneratorOptions) -> Iterator[GeneratedFile]:
    """Yield what the four senders would send, and the truth about it.

    Paths are ``<source>/…`` for the senders' files, ``truth/<day>.ndjson`` after the files of
    each day, and ``truth/summary.json`` as the last one (``truth`` describes both). The days
    after the last one bring only what was delayed: late files, new versions, repeated deliveries.

    Equal options give equal bytes, and the files of a day are the same however many days follow.
    One day at a time is held in memory.
    """
    days, truth = Days(options), Truth(options)
    for index in range(options.days):
        day = options.first_day + timedelta(days=index)
        days.play(day)
        yield from _files_of_day(day, index, days.delivered(day), truth)
    for day in days.waiting:
        yield from _files_of_day(day, None, days.delivered(day), truth)
    yield truth.summary()


def _files_of_day(day: date, index: int | None, records: list[Record], truth: Truth) -> Iterator[GeneratedFile]:
    """Yield the files that arrive on ``day``; ``index`` is its number, None after the last day."""
    redelivered = None if index is None else _REDELIVERED.get(index % _WEEK)
    empty: list[tuple[str, str]] = []
    for sender in SENDERS:
        files = sender.files(day, [record for record in records if record.source == sender.source])
        for number, file in enumerate(files):
            truth.note_file()
            yield file
            if number == 0 and sender.source == redelivered:
                truth.note_file()
                again = _renamed(file)
                truth.note_redelivery(again.path, file.path)
                yield again
    if index is not None and index % _WEEK == _EMPTY_FILE:
        truth.note_file()
        empty.append(("social_media", f"social_media/{day.isoformat()}T24.ndjson"))
        yield GeneratedFile(empty[0][1], b"")
    yield truth.of_day(day, sorted(records, key=_place), empty)


def _renamed(file: GeneratedFile) -> GeneratedFile:
    """Return the same bytes under another name, as a sender that tries again gives them."""
    stem, dot, suffixes = file.path.partition(".")
    return GeneratedFile(f"{stem}_retry{dot}{suffixes}", file.content)


def _place(record: Record) -> tuple[str, int]:
    return record.position or ("", 0)
