"""What is logged, as machines read it: where it comes from, and nothing of a person."""

import json
import logging

import dagster as dg
import pytest

from complaints_platform.errors import LakeError
from complaints_platform.instance.logs import use_log_format
from complaints_platform.operations.logs import JsonFormatter, configure

PERSONAL = "Ada Obi, 0803 555 1234"


@pytest.fixture(autouse=True)
def as_before():
    yield
    use_log_format("console")


def logged(capsys):
    return [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]


@dg.asset(key=["raw", "sms"], partitions_def=dg.DailyPartitionsDefinition("2026-03-01"))
def sms(context):
    context.log.info("12 files")


@dg.asset(key=["cleaned", "complaints"])
def cleaned():
    raise ValueError(PERSONAL)


@dg.asset(key=["mart", "daily_complaints"])
def daily():
    raise LakeError("the lake is gone")


def run(asset, **options):
    return dg.materialize([asset], raise_on_error=False, instance=dg.DagsterInstance.ephemeral(), **options)


def test_lines_of_a_run_say_run_job_asset_partition_and_source(capsys):
    use_log_format("json")
    result = run(sms, partition_key="2026-03-10")
    lines = logged(capsys)
    (said,) = [line for line in lines if line["message"] == "12 files"]
    assert said["run"] == result.run_id
    assert (said["asset"], said["source"], said["partition"]) == ("raw/sms", "sms", "2026-03-10")
    assert said["level"] == "info"
    assert said["at"].endswith("+00:00")


def test_errors_of_others_are_named_without_their_words_and_our_own_with_them(capsys):
    use_log_format("json")
    run(cleaned)
    run(daily)
    text = capsys.readouterr().err
    failures = [line for line in map(json.loads, text.splitlines()) if line.get("event") == "STEP_FAILURE"]
    theirs, ours = [line["error"] for line in failures]
    assert theirs == {"type": "ValueError"}
    assert ours["type"] == "LakeError"
    assert "the lake is gone" in ours["message"]
    assert "Ada" not in text
    assert "0803" not in text


def test_our_own_loggers_write_the_same_and_only_named_fields(capsys):
    configure("json")
    configure("json")
    logger = logging.getLogger("complaints_platform.somewhere")
    logger.warning("3 files wait", extra={"customer": PERSONAL})
    try:
        raise KeyError(PERSONAL)
    except KeyError:
        logger.exception("it failed")
    first, second = logged(capsys)
    assert (first["level"], first["message"]) == ("warning", "3 files wait")
    assert second["error"]["type"] == "KeyError"
    assert second["error"]["at"].startswith("test_logs.py:")
    assert PERSONAL not in json.dumps([first, second])


def test_people_get_dagster_s_own_lines_again(capsys):
    use_log_format("json")
    use_log_format("console")
    run(sms, partition_key="2026-03-10")
    said = capsys.readouterr().err
    assert "12 files" in said
    assert "{" not in said.split("12 files")[0].splitlines()[-1]


def test_a_range_of_days_is_its_first_and_last():
    record = logging.LogRecord("dagster", logging.INFO, "x", 1, "made", None, None)
    tags = {"dagster/asset_partition_range_start": "2026-03-01", "dagster/asset_partition_range_end": "2026-03-09"}
    record.dagster_meta = {"run_id": "r", "job_name": "j", "job_tags": tags, "step_key": "cleaned__complaints"}
    line = json.loads(JsonFormatter().format(record))
    assert line["partition"] == "2026-03-01...2026-03-09"
    assert line["asset"] == "cleaned/complaints"
