"""Who may ask what: tokens, roles over all routes, sessions, and what browsers must not be talked into."""

import pytest
from fastapi.testclient import TestClient

from complaints_platform.errors import AuthError
from complaints_platform.platform import Platform
from complaints_platform.serving.auth import (
    RIGHTS,
    TOKEN_ROLES,
    Right,
    Role,
    Tokens,
    check_address,
    new_token,
    parse_tokens,
)
from complaints_platform.serving.http.app import build_app
from complaints_platform.serving.http.guards import COOKIE
from complaints_platform.settings import load_settings

NOBODY = "0" * 32
OPEN = {"/healthz", "/api/v1/session"}
ROUTES = [
    ("GET", "/api/v1/me", None, None),
    ("GET", "/api/v1/metrics", Right.VIEW, None),
    ("GET", "/api/v1/metrics/{name}", Right.VIEW, None),
    ("GET", "/api/v1/overview", Right.VIEW, None),
    ("GET", "/api/v1/incidents", Right.VIEW, None),
    ("GET", "/api/v1/incidents/{incident_id}", Right.VIEW, None),
    ("GET", "/api/v1/health", Right.VIEW, None),
    ("GET", "/api/v1/taxonomy", Right.VIEW, None),
    ("GET", "/api/v1/complaints", Right.COMPLAINTS, None),
    ("GET", "/api/v1/complaints/{complaint_id}", Right.COMPLAINTS, None),
    ("GET", "/api/v1/complaints/{complaint_id}/explanation", Right.COMPLAINTS, None),
    ("GET", "/api/v1/complaints/{complaint_id}/raw", Right.RAW, None),
    ("GET", "/api/v1/review", Right.REVIEW, None),
    ("POST", "/api/v1/corrections", Right.REVIEW, {"complaint_id": NOBODY, "category": "messaging"}),
    ("GET", "/api/v1/datasets", Right.SQL, None),
    ("POST", "/api/v1/sql", Right.SQL, {"sql": "SELECT 1"}),
    ("GET", "/api/v1/export/{dataset}", Right.EXPORT, None),
    ("GET", "/api/v1/audit", Right.AUDIT, None),
    ("GET", "/api/v1/alerts", Right.VIEW, None),
    ("POST", "/api/v1/alerts/{name}/ack", Right.ACKNOWLEDGE, {}),
    ("GET", "/api/v1/reports", Right.VIEW, None),
    ("GET", "/reports/{kind}/{day}", Right.VIEW, None),
    ("GET", "/metrics", Right.VIEW, None),
]
CONTRACT = {
    Role.VIEWER: {Right.VIEW},
    Role.ANALYST: {Right.VIEW, Right.COMPLAINTS, Right.SQL, Right.EXPORT},
    Role.REVIEWER: {Right.VIEW, Right.COMPLAINTS, Right.REVIEW, Right.ACKNOWLEDGE},
    Role.PRIVACY_OFFICER: {Right.VIEW, Right.COMPLAINTS, Right.SQL, Right.EXPORT, Right.RAW, Right.AUDIT},
    Role.LOCAL: set(Right) - {Right.RAW, Right.AUDIT},
}


def ask(client, method, path, body):
    names = {"name": "complaints", "complaint_id": NOBODY, "incident_id": NOBODY, "dataset": "mart.daily_complaints"}
    path = path.format(**names, kind="daily", day="2026-03-10")
    return client.request(method, path, json=body)


def test_each_role_has_the_rights_of_the_contract():
    assert CONTRACT == RIGHTS


def test_every_route_is_in_the_table(served):
    paths = served.get("/openapi.json").json()["paths"]
    assert {path for path in paths if path not in OPEN} == {path for _, path, _, _ in ROUTES}


@pytest.mark.parametrize("role", [None, *TOKEN_ROLES], ids=str)
def test_every_route_is_open_to_its_roles_only(served, role):
    client = served.client(role)
    for method, path, right, body in ROUTES:
        status = ask(client, method, path, body).status_code
        if role is None:
            assert status == 401, path
        elif right is None or right in CONTRACT[role]:
            assert status in {200, 201, 404}, (path, status)
        else:
            assert status == 403, path


def test_a_token_of_nobody_is_refused(served):
    answer = served.client().get("/api/v1/me", headers={"authorization": "Bearer cp_wrong"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unknown_token")


def test_without_tokens_everyone_on_this_machine_is_local_but_never_sees_raw_data(filled):
    app = build_app(Platform(filled), lambda: b"")
    client = TestClient(app, base_url="http://localhost")
    assert client.get("/api/v1/me").json()["role"] == "local"
    for method, path, right, body in ROUTES:
        if right in {Right.RAW, Right.AUDIT}:
            assert ask(client, method, path, body).status_code == 403
    sql = client.post("/api/v1/sql", json={"sql": "SELECT * FROM raw.sms"})
    assert sql.status_code == 400
    for host, status in (
        ("localhost:8400", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("evil.example", 403),
        ("", 403),
    ):
        assert client.get("/api/v1/me", headers={"host": host}).status_code == status, host
    app.state.service.close()


def test_a_body_that_does_not_say_how_long_it_is_is_stopped(served):
    client = served.client(Role.ANALYST)
    for pieces in (20, 1):
        body = (b'{"sql": "SELECT 1", "more": "', *[b"x" * (1 << 16)] * pieces, b'"}')
        answer = client.post("/api/v1/sql", content=iter(body), headers={"content-type": "application/json"})
        assert "content-length" not in answer.request.headers
        refused = pieces > 1
        assert (answer.status_code == 413) is refused
        if refused:
            assert answer.json()["error"]["code"] == "too_large"


def test_files_of_the_page_are_asked_for_again_and_exports_are_not_compressed_twice(served):
    client = served.client(Role.ANALYST)
    assert client.get("/static/app.css").headers["cache-control"] == "no-cache"
    assert client.get("/api/v1/me").headers["cache-control"] == "no-store"
    encodings = [
        client.get("/api/v1/export/categorized.complaints", params={"format": output}).headers.get("content-encoding")
        for output in ("csv", "parquet", "arrow")
    ]
    assert encodings == ["gzip", None, None]


def test_the_cookie_of_a_browser_that_speaks_https_with_a_proxy_is_secure(served):
    answer = served.client().post(
        "/api/v1/session",
        json={"token": served.tokens[Role.VIEWER]},
        headers={"origin": "https://complaints.example", "host": "complaints.example"},
    )
    assert answer.status_code == 204
    assert "Secure" in answer.headers["set-cookie"]


def test_a_session_lasts_until_it_is_closed(served):
    client = served.client()
    assert client.post("/api/v1/session", json={"token": "cp_wrong"}).status_code == 401
    answer = client.post("/api/v1/session", json={"token": served.tokens[Role.VIEWER]})
    assert answer.status_code == 204
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    assert served.tokens[Role.VIEWER] not in cookie
    assert client.get("/api/v1/me").json()["role"] == "viewer"
    stolen = client.cookies[COOKIE]
    assert client.delete("/api/v1/session").status_code == 204
    assert served.client().get("/api/v1/me", headers={"cookie": f"{COOKIE}={stolen}"}).status_code == 401


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"origin": "http://evil.example"}, True),
        ({"origin": "null"}, True),
        ({"origin": "http://testserver.evil.example"}, True),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"origin": "http://testserver", "sec-fetch-site": "same-origin"}, False),
    ],
)
def test_another_sites_page_changes_nothing(served, headers, refused):
    body = {"complaint_id": NOBODY, "category": "messaging"}
    status = served.client(Role.REVIEWER).post("/api/v1/corrections", json=body, headers=headers).status_code
    assert status == (403 if refused else 404)


def test_browsers_are_told_what_not_to_do(served):
    for path in ("/", "/api/v1/me", "/api/v1/nothing", "/static/nothing", "/healthz"):
        headers = served.client().get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static//etc/passwd",
        "/..%2f..%2fetc/passwd",
    ],
)
def test_paths_do_not_lead_out(served, path):
    assert served.client(Role.ANALYST).get(path).status_code == 404


def test_a_body_can_not_be_huge(served):
    answer = served.client(Role.ANALYST).post("/api/v1/sql", content=b"x" * (2 << 20))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_a_wrong_line_is_named_and_never_shown():
    _, line = new_token(Role.VIEWER, "dashboard on the wall")
    assert [principal.name for principal in parse_tokens(f"# ours\n\n{line}\n", "file").values()] == [
        "dashboard on the wall"
    ]
    for wrong in (
        "viewer secret-token name",
        line.replace("viewer", "local"),
        line.replace("viewer", "root"),
        f"{line}\n{line}",
    ):
        with pytest.raises(AuthError, match="file, line") as error:
            parse_tokens(wrong, "file")
        assert "secret" not in str(error.value)


def test_a_token_is_no_longer_valid_once_its_line_is_gone(tmp_path):
    file = tmp_path / "tokens"
    _, line = new_token(Role.VIEWER, "one")
    file.write_text(line)
    tokens = Tokens("", file)
    digest = line.split()[1]
    assert tokens.by_digest(digest).role is Role.VIEWER
    file.write_text("# nobody\n")
    assert tokens.by_digest(digest) is None
    assert tokens.configured
    file.unlink()
    with pytest.raises(AuthError, match="can't be read"):
        tokens.by_digest(digest)


@pytest.mark.parametrize(
    ("host", "is_open"),
    [
        ("127.0.0.1", False),
        ("::1", False),
        ("localhost", False),
        ("0.0.0.0", True),  # noqa: S104
        ("10.1.2.3", True),
        ("example", True),
    ],
)
def test_the_network_needs_a_token(host, is_open):
    nobody = Tokens("", None)
    if is_open:
        with pytest.raises(AuthError, match="complaints tokens new"):
            check_address(host, nobody)
    else:
        check_address(host, nobody)
    _, line = new_token(Role.VIEWER, "one")
    check_address(host, Tokens(line, None))


def test_no_token_is_shown(capsys):
    token, line = new_token(Role.VIEWER, "one")
    settings = load_settings(tokens=line)
    assert line.split()[1] not in repr(settings)
    assert token not in line
