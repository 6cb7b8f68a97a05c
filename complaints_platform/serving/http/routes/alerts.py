"""What the platform noticed by itself, and who has acknowledged it."""

from fastapi import APIRouter, Response

from complaints_platform.alerting.events import AlertState
from complaints_platform.alerting.listing import acknowledge, alerts_for_api
from complaints_platform.alerting.outbox import Outbox
from complaints_platform.alerting.routes import load_routes
from complaints_platform.errors import AlertsError
from complaints_platform.serving.auth import Right
from complaints_platform.serving.failures import RequestFailed
from complaints_platform.serving.http.guards import documented_errors
from complaints_platform.serving.http.responses import CurrentCall
from complaints_platform.serving.models import Acknowledged, Alerts

router = APIRouter(prefix="/api/v1", responses=documented_errors(400, 401, 403), tags=["alerts"])


@router.get("/alerts", response_model=Alerts)
def alerts(call: CurrentCall, state: AlertState = "all") -> Response:
    """List the alerts of the last 30 days and all that are open, the newest first."""
    service = call.may(Right.VIEW).service
    found = alerts_for_api(service.lake, state, load_routes(service.settings.alerts))
    answer = Alerts.model_validate({**found, "looked_at": Outbox(service.lake.store).last_look()})
    return call.answered(answer, None, rows=len(found["alerts"]))


@router.post("/alerts/{name}/ack", response_model=Acknowledged, responses=documented_errors(404))
def take_note(call: CurrentCall, name: str) -> Response:
    """Note that whoever asks looks after an alert; the first one stays."""
    who = call.may(Right.ACKNOWLEDGE).principal.name
    try:
        answer = Acknowledged.model_validate(acknowledge(call.service.lake, name, who))
    except AlertsError as error:
        raise RequestFailed(404, "not_found", str(error), "/api/v1/alerts lists them") from error
    call.recorded({"alert": name}, 1)
    return call.respond(answer, None)
