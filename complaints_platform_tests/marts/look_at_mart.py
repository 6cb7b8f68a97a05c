"""Prints what a process sees of a mart that was added to its package: ``python look_at_mart.py NAME FOLDER``."""

import json
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path

import dagster as dg
import polars as pl
from fastapi.testclient import TestClient

import complaints_platform
from complaints_platform.definitions import build_definitions
from complaints_platform.lake.data_sets import CATEGORIZED, TABLES
from complaints_platform.lake.fingerprints import made_of
from complaints_platform.lake.tables import DayFrame
from complaints_platform.marts.documentation import documentation
from complaints_platform.pipeline.derived import DERIVED_OF
from complaints_platform.platform import Platform
from complaints_platform.schemas.model import polars_schema
from complaints_platform.serving.http.app import build_app
from complaints_platform.settings import load_settings

LANGUAGES = {date(2026, 3, 10): ["en", "de", "en"], date(2026, 3, 11): ["en"]}


def complaints(day, languages):
    schema = polars_schema(CATEGORIZED.model)
    known = {"day": day, "occurred_at": datetime.combine(day, time(12), UTC), "outcome": "complaint"}
    rows = [dict.fromkeys(schema) | known | {"language": language} for language in languages]
    return pl.DataFrame(rows, schema=schema)


def asset_of(definitions, name):
    graph, key = definitions.resolve_asset_graph(), dg.AssetKey(["mart", name])
    return {
        "description": graph.get(key).description,
        "sources": sorted(list(parent.path) for parent in graph.get(key).parent_keys),
        "metrics": "metrics" in graph.get(key).metadata,
        "checked": bool(graph.get(key).check_keys),
    }


def main(name, root):
    assert Path(complaints_platform.__file__).is_relative_to(root), complaints_platform.__file__
    settings = load_settings(profile="test", lake=str(root / "lake"), cache=root / "cache")
    platform = Platform(settings)
    lake = platform.lake
    (spec,) = (spec for spec in TABLES if (spec.schema, spec.name) == ("mart", name))
    source, table, days = CATEGORIZED.table(lake), spec.table(lake), list(LANGUAGES)
    source.replace_days(
        days, [DayFrame(day, complaints(day, named), made_of(("r",), (day,))) for day, named in LANGUAGES.items()]
    )
    table.replace_days(days, list(platform.mart_recipes().frames(spec, days, source)))
    lake.manifests.publish(None, {each.sql_name: each.table(lake).state().version for each in (CATEGORIZED, spec)})
    stored = [table.fingerprints(), source.fingerprints()]
    app = build_app(platform, lambda: b"")
    app.state.service.start()
    app.state.service.bring_up_to_date()
    try:
        client = TestClient(app, base_url="http://localhost")
        metric = f"/api/v1/metrics/{name}"
        sql = f"SELECT language, sum(complaints)::INT FROM {spec.sql_name} GROUP BY 1 ORDER BY 1"  # noqa: S608
        seen = {
            "asset": asset_of(build_definitions(platform), name),
            "table": spec.sql_name,
            "documentation": documentation(),
            "rows": [[str(day), *row] for day, *row in table.scan().sort("day", "language").collect().iter_rows()],
            "current": [DERIVED_OF[spec].is_current(day, stored[0].get(day), stored[1]) for day in days],
            "listed": next(each for each in client.get("/api/v1/metrics").json()["metrics"] if each["name"] == name),
            "total": client.get(metric).json()["rows"],
            "by_language": client.get(metric, params={"by": "language"}).json()["rows"],
            "sql": client.post("/api/v1/sql", json={"sql": sql}).json()["rows"],
        }
    finally:
        app.state.service.close()
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
