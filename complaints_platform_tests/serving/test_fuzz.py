"""Requests made from the OpenAPI: whatever is sent, nothing is an error of the service itself."""

from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from complaints_platform.serving.auth import Role

EXAMPLES = 12
CHECKS = [not_a_server_error, response_schema_conformance, status_code_conformance]


@pytest.mark.parametrize("role", [Role.PRIVACY_OFFICER, Role.REVIEWER], ids=str)
def test_no_request_breaks_the_service(served, role):
    client = served.client(role)
    schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
    statuses = Counter()
    for operation in schema.get_all_operations():

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.ok().as_strategy())
        def ask(case):

            request = case.as_transport_kwargs(base_url="http://testserver")
            request.pop("cookies", None)
            answer = client.request(**{**request, "headers": {**request["headers"], **client.headers}})
            statuses[answer.status_code] += 1
            case.validate_response(answer, checks=CHECKS)

        ask()
    assert statuses.total() > EXAMPLES * 10
    assert statuses[200] > EXAMPLES
    assert statuses[400] > EXAMPLES
