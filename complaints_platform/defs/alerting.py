"""The sensors that notice what is wrong and send notifications."""

from dataclasses import replace

import dagster as dg

from complaints_platform.alerting.observing import Memory, Observer
from complaints_platform.alerting.sending import send_all, utc_now
from complaints_platform.defs.automation import sensor_status
from complaints_platform.errors import AlertsError
from complaints_platform.instance.history import InstanceHistory
from complaints_platform.platform import Platform

NOTICE = "notice_problems"
SEND = "send_notifications"


def alert_sensors(platform: Platform) -> list[dg.SensorDefinition]:
    """Return the sensors that notice problems and send notifications."""

    @dg.sensor(
        name=NOTICE,
        description=(
            "Notices problems: failed runs and checks, silent sources, incidents, failing sensors, disk and lake. "
            "Each change of a condition becomes one notification in the outbox."
        ),
        minimum_interval_seconds=platform.settings.alerts_seconds,
        default_status=sensor_status(platform),
    )
    def notice_problems(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        repository = context.repository_def
        if repository is None:
            raise AlertsError("the sensor needs its repository, to know which checks and sensors exist")
        before = Memory.from_json(context.cursor)
        memory = before.now(utc_now())
        noted = Observer(platform, InstanceHistory(context.instance, repository)).look(
            replace(memory, looked=before.looked)
        )
        for each in noted:
            context.log.info(f"{each.state}: {each.title()}")
        skip = f"{len(noted)} changes" if noted else "nothing has changed"
        return dg.SensorResult(skip_reason=skip, cursor=memory.to_json())

    @dg.sensor(
        name=SEND,
        description="Sends what is waiting in the outbox, and retries what did not arrive (complaints alerts list).",
        minimum_interval_seconds=platform.settings.alerts_seconds,
        default_status=sensor_status(platform),
    )
    def send_notifications() -> dg.SkipReason:
        if platform.settings.alerts is None:
            return dg.SkipReason("COMPLAINTS_ALERTS names no routes file: nothing is sent from here")
        return dg.SkipReason(send_all(platform).describe())

    return [notice_problems, send_notifications]
