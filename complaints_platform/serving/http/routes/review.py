"""The review queue, and decisions about complaints."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from complaints_platform.serving.answers.review import QUEUE_LENGTH, Reviewing
from complaints_platform.serving.auth import Right
from complaints_platform.serving.http.guards import documented_errors
from complaints_platform.serving.http.responses import CurrentCall
from complaints_platform.serving.models import CorrectionAnswer, CorrectionRequest, ReviewQueue

router = APIRouter(prefix="/api/v1", responses=documented_errors(400, 401, 403, 404), tags=["review"])


@router.get("/review", response_model=ReviewQueue)
def queue(call: CurrentCall, limit: Annotated[int, Query(ge=1, le=QUEUE_LENGTH)] = 20) -> Response:
    """List the complaints that people should look at next, those that teach the classifier most first."""
    reviewing: Reviewing = call.may(Right.REVIEW).request.app.state.reviewing
    answer, manifest = reviewing.queue(limit)
    return call.answered(answer, manifest.number if manifest else 0, len(answer.items))


@router.post("/corrections", response_model=CorrectionAnswer, status_code=201)
def correct(call: CurrentCall, correction: CorrectionRequest) -> Response:
    """Accept a correction: it overrides the model, and trains the next one once there are fifty."""
    reviewing: Reviewing = call.may(Right.REVIEW).request.app.state.reviewing
    answer = reviewing.decide(correction, call.principal)
    call.recorded({"complaint_id": correction.complaint_id, "category": correction.category}, 1, 201)
    return call.respond(answer, None, 201)
