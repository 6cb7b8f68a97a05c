"""The figures of a report in sentences. Pure: figures in, text out; every number comes from the figures."""

from collections.abc import Iterator

from complaints_platform.serving.report.figures import Cell, Figures

NAMED_CELLS = 3
"""How many of the largest changes are named."""
WORTH_SAYING = 0.05
"""A smaller change against a week earlier is called about the same."""
MINUTES_OF_HOUR, MINUTES_OF_DAY = 60, 24 * 60


def sentences(figures: Figures) -> list[str]:
    """Return what changed and where, incidents, and whether the data can be trusted."""
    return [
        *_how_many(figures),
        *_where_the_change_is(figures),
        *_incidents(figures),
        *_service(figures),
        *_files(figures),
    ]


def title(figures: Figures) -> str:
    """Return the headline of the page and subject of the mail."""
    count = int(figures.headline("complaints")[0] or 0)
    return f"{_when(figures)}: {counted(count, 'complaint')}"


def counted(count: int, noun: str) -> str:
    """Return ``1 complaint``, ``2,000 complaints``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def changed(now: float, before: float) -> str:
    """Return by how much ``now`` is above or below ``before``, in words."""
    if now == before:
        return "as many as"
    more = "more" if now > before else "fewer"
    share = f" ({(now - before) / before:+.0%})" if before else ""
    return f"{abs(now - before):,.0f} {more}{share} than"


def duration(minutes: float) -> str:
    """Return a length of time in words."""
    whole = round(minutes)
    if whole < MINUTES_OF_HOUR:
        return f"{whole} min"
    if whole < MINUTES_OF_DAY:
        hours, rest = divmod(whole, MINUTES_OF_HOUR)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{minutes / MINUTES_OF_DAY:,.1f} days"


def name(value: str | None) -> str:
    """Return a category, region or channel for people."""
    return "not given" if value is None else value.replace("_", " ")


def _when(figures: Figures) -> str:
    first, last = figures.period.first, figures.period.last
    if figures.kind == "daily":
        return f"{last:%A} {last.day} {last:%B %Y}"
    return f"Week of {first.day} {first:%B} to {last.day} {last:%B %Y}"


def _how_many(figures: Figures) -> Iterator[str]:
    now, before = figures.headline("complaints")
    count = int(now or 0)
    unit = "day" if figures.kind == "daily" else "week"
    text = f"{counted(count, 'complaint')} received"
    if before is not None:
        text += f", {changed(count, before)} the {unit} before"
    if figures.kind == "daily" and figures.week_before is not None:
        then = figures.week_before
        alike = then and abs(count - then) <= WORTH_SAYING * then
        same_day = f"on the same day a week earlier ({then:,})"
        text += f" and about as many as {same_day}" if alike else f" and {changed(count, then)} {same_day}"
    yield f"{text}."
    if figures.overview.mixed_versions:
        yield (
            "The days compared were categorised by different models or taxonomies: "
            "a change within categories may come from that."
        )


def _where_the_change_is(figures: Figures) -> Iterator[str]:
    now, before = figures.headline("complaints")
    if before is None or now == before:
        return
    rises = (now or 0) > before
    cells = [cell for cell in figures.cells if cell.change and (cell.change > 0) == rises][:NAMED_CELLS]
    if cells:
        yield f"{'The largest rises' if rises else 'The largest falls'}: {'; '.join(map(_cell, cells))}."
    against = next((cell for cell in figures.cells if cell.change and (cell.change > 0) != rises), None)
    if against is not None and cells and abs(against.change) > abs(cells[-1].change):
        yield f"In the other direction: {_cell(against)}."


def _cell(cell: Cell) -> str:
    where = f" in {name(cell.region)}" if cell.region else ", region not given"
    return f"{name(cell.category)}{where} from {cell.previous:,} to {cell.value:,}"


def _incidents(figures: Figures) -> Iterator[str]:
    incidents = figures.overview.incidents
    if not incidents:
        yield "No incidents: nothing rose beyond what is usual for the hour, weekday and place."
    for incident in incidents:
        state = "still open" if incident.open else "ended"
        yield f"Incident ({incident.severity}, {state}): {incident.explanation}"


def _service(figures: Figures) -> Iterator[str]:
    for metric, what in (
        ("first_response_median", "Half of the answered complaints got a first response within"),
        ("resolution_median", "Half of the resolved complaints were resolved within"),
    ):
        now, before = figures.headline(metric)
        if now is not None:
            yield f"{what} {duration(now)}{f' (before: {duration(before)})' if before is not None else ''}."
    timely, _ = figures.headline("first_response_timely_rate")
    if timely is not None:
        yield f"{timely:.0%} of complaints with a response target were answered within it."
    share, _ = figures.headline("review_share")
    if share:
        yield f"{share:.0%} of the complaints need review: their category is uncertain."


def _files(figures: Figures) -> Iterator[str]:
    received = figures.received
    if not received.files:
        yield "No files were received."
        return
    text = f"{counted(received.files, 'file')} with {counted(received.records, 'record')} received; "
    missing = received.files - received.reconciled
    text += "every record is accounted for" if not missing else f"{counted(missing, 'file')} not yet accounted for"
    if received.quarantined:
        text += f", {received.quarantined:,} quarantined as unreadable"
    yield f"{text}."
