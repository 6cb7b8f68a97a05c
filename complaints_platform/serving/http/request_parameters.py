"""Parameters of requests: filters and days, validated once for all routes."""

from datetime import date
from typing import Annotated

from fastapi import Query

from complaints_platform.schemas import NO_VALUE
from complaints_platform.serving.scope import DIMENSIONS, FIRST_DAY, LAST_DAY, Filters

Value = Annotated[str, Query(max_length=200)]
Values = Annotated[list[Value], Query(max_length=100)]
FromDay = Annotated[date | None, Query(alias="from", ge=FIRST_DAY, le=LAST_DAY, description="First day, inclusive.")]
ToDay = Annotated[date | None, Query(alias="to", ge=FIRST_DAY, le=LAST_DAY, description="Last day, inclusive.")]
NOTHING: list[str] = []


def filters(  # one parameter of the query each
    channel: Values = NOTHING,
    region: Values = NOTHING,
    category: Values = NOTHING,
    subcategory: Values = NOTHING,
    product: Values = NOTHING,
    source: Values = NOTHING,
) -> Filters:
    """Read the filters of a request; ``(none)`` matches rows without a value."""
    given = zip(DIMENSIONS, (channel, region, category, subcategory, product, source), strict=True)
    return Filters(
        {name: tuple(None if value == NO_VALUE else value for value in values) for name, values in given if values}
    )
