"""Marts published to a real Postgres server, while a reader queries throughout."""

import socket
import threading
from datetime import timedelta
from urllib.parse import quote

import dagster as dg
import pytest
from pydantic import SecretStr

from complaints_platform.defs.postgres import JOB, postgres_definitions
from complaints_platform.errors import ExportError
from complaints_platform.lake.data_sets import DAILY
from complaints_platform.platform import Platform
from complaints_platform.serving.postgres import PUBLISHED, publish, published_manifest
from complaints_platform_tests.deployment.postgres import running_postgres
from complaints_platform_tests.small_lake import FIRST, Place

SCHEMA = "complaints"
PASSWORD = "a p@ss:word/with everything"  # noqa: S105  # the test server's own


@pytest.fixture(scope="module")
def server():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    login = {"POSTGRES_USER": "owner", "POSTGRES_PASSWORD": PASSWORD, "POSTGRES_DB": "bi"}
    with running_postgres("127.0.0.1", port, login):
        yield SecretStr(f"postgresql://owner:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/bi")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = Place(tmp_path_factory.mktemp("published"))
    place.fill()
    return place


def ask(url, sql, *parameters):
    dbapi = pytest.importorskip("adbc_driver_postgresql.dbapi")
    with dbapi.connect(url.get_secret_value()) as connection, connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        rows = cursor.fetchall()
        connection.commit()
        return rows


def test_all_marts_arrive_with_types_and_comments(server, place):
    done = publish(place.lake, server, SCHEMA)
    assert {table.name for table in done.tables} == {spec.name for spec in PUBLISHED}
    newest = place.lake.manifests.newest()
    assert published_manifest(server, SCHEMA) == (newest.number, newest.published_at)
    assert done.manifest == newest.number
    for table in done.tables:
        assert ask(server, f'SELECT count(*) FROM {SCHEMA}."{table.name}"') == [(table.rows,)]  # noqa: S608
    stored = DAILY.table(place.lake).scan().collect()
    rows = ask(server, f"SELECT day, category, complaints FROM {SCHEMA}.daily_complaints ORDER BY 1, 2, 3")  # noqa: S608
    assert rows == stored.select("day", "category", "complaints").sort("day", "category", "complaints").rows()
    types = dict(
        ask(
            server,
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2",
            SCHEMA,
            "reconciliation",
        )
    )
    assert types["day"] == "date"
    assert types["received_at"] == "timestamp with time zone"
    assert types["received"] == "bigint"
    assert types["reconciles"] == "boolean"
    comments = ask(
        server,
        "SELECT obj_description($1::regclass), col_description($1::regclass, 1)",
        f"{SCHEMA}.daily_complaints",
    )
    assert "Complaints by day" in comments[0][0]
    assert "Day on which" in comments[0][1]


def test_a_reader_never_misses_a_table_nor_sees_two_versions(server, place):
    publish(place.lake, server, SCHEMA)
    seen, errors, stop = [], [], threading.Event()
    both = (
        f"SELECT (SELECT sum(complaints) FROM {SCHEMA}.daily_complaints), "  # noqa: S608
        f"(SELECT manifest FROM {SCHEMA}.publication)"
    )

    def read():
        while not stop.is_set():
            try:
                seen.append(ask(server, both)[0])
            except Exception as error:  # noqa: BLE001  # whatever a reader meets is counted
                errors.append(error)
            stop.wait(0.01)

    reader = threading.Thread(target=read)
    reader.start()
    expected = {}
    for number in range(4):
        day = FIRST + timedelta(days=number % 3)
        place.send(f"more-{number}", [(f"more-{number}", f"no signal at mast {number}", day, day)])
        place.update()
        manifest = publish(place.lake, server, SCHEMA).manifest
        expected[manifest] = DAILY.table(place.lake).scan().collect()["complaints"].sum()
    stop.set()
    reader.join()
    assert not errors
    assert len(seen) > 10
    assert set(expected) <= {manifest for _, manifest in seen} | {max(expected)}
    assert all(int(total) == expected[manifest] for total, manifest in seen if manifest in expected)


def test_who_may_read_may_read_what_comes_after(server, place):
    publish(place.lake, server, SCHEMA)
    ask_nothing(server, "CREATE ROLE viewer LOGIN PASSWORD 'viewer'")
    ask_nothing(server, f"GRANT USAGE ON SCHEMA {SCHEMA} TO viewer")
    publish(place.lake, server, SCHEMA)
    address = server.get_secret_value().rsplit("@", 1)[1]
    viewer = SecretStr(f"postgresql://viewer:viewer@{address}")
    assert ask(viewer, f"SELECT count(*) > 0 FROM {SCHEMA}.daily_complaints") == [(True,)]  # noqa: S608


def test_only_one_publishes_at_a_time(server, place):
    from adbc_driver_postgresql import dbapi

    from complaints_platform.serving.postgres import LOCK

    with dbapi.connect(server.get_secret_value()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock($1)", (LOCK,))
        connection.commit()
        with pytest.raises(ExportError, match="somebody else is publishing"):
            publish(place.lake, server, SCHEMA)


def test_a_view_on_a_table_stops_the_publication_and_leaves_everything_as_it_was(server, place):
    before = publish(place.lake, server, SCHEMA)
    ask_nothing(server, f"CREATE VIEW public.mine AS SELECT * FROM {SCHEMA}.daily_complaints")  # noqa: S608
    with pytest.raises(ExportError, match="other objects depend on it"):
        publish(place.lake, server, SCHEMA)
    assert published_manifest(server, SCHEMA).number == before.manifest
    ask_nothing(server, "DROP VIEW public.mine")
    publish(place.lake, server, SCHEMA)


def test_it_is_published_when_it_is_not_there_yet_and_nobody_is_at_it(server, place, tmp_path):
    def asked():
        (schedule,) = postgres_definitions(Platform(settings)).schedules
        return schedule(dg.build_schedule_context(instance=instance))

    settings = place.settings.model_copy(update={"postgres": server, "postgres_schema": "scheduled"})
    instance = dg.DagsterInstance.local_temp(str(tmp_path))
    assert isinstance(asked(), dg.RunRequest)
    publish(place.lake, server, "scheduled")
    assert "the newest" in asked().skip_message
    ask_nothing(server, "UPDATE scheduled.publication SET published_at = published_at - interval '1 hour'")
    assert isinstance(asked(), dg.RunRequest)  # the same number, of a lake that was there before
    instance.add_run(dg.DagsterRun(job_name=JOB, status=dg.DagsterRunStatus.STARTED))
    assert "right now" in asked().skip_message
    instance.delete_run(instance.get_runs()[0].run_id)
    ask_nothing(server, "ALTER TABLE scheduled.publication RENAME COLUMN manifest TO other")
    with pytest.raises(ExportError, match="Postgres refuses"):
        published_manifest(server, "scheduled")


def test_a_server_that_is_not_there_is_an_error_without_the_password(place):
    nowhere = SecretStr(f"postgresql://owner:{quote(PASSWORD, safe='')}@127.0.0.1:1/bi")
    with pytest.raises(ExportError, match="can't be reached") as failed:
        publish(place.lake, nowhere, SCHEMA)
    assert quote(PASSWORD, safe="") not in str(failed.value)
    assert failed.value.__cause__ is None


def ask_nothing(url, statement):
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(url.get_secret_value()) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        connection.commit()
