"""Who may ask what: tokens, roles and sessions.

A token is known here only by its SHA-256: tokens are 256 random bits, so that a plain hash can't be guessed
back. Each has one role; what a role may is the closed table below. How credentials travel in HTTP is ``guards``'.
"""

import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from complaints_platform.errors import AuthError
from complaints_platform.loopback import is_loopback

TOKEN_BYTES = 32
TOKEN_PREFIX = "cp_"  # noqa: S105  # what tokens begin with, so that scanners of repositories find lost ones
SESSION_SECONDS = 12 * 3600
MOST_SESSIONS = 10_000
LINE = re.compile(r"(?P<role>[a-z_]+)\s+(?P<digest>[0-9a-f]{64})\s+(?P<name>\S.*)")


class Right(StrEnum):
    """What can be allowed or not. A closed list."""

    VIEW = "view"
    """Counts and states: overview, metrics, incidents, health, taxonomy, alerts."""
    COMPLAINTS = "complaints"
    """Single complaints, redacted, and why they were given their category."""
    SQL = "sql"
    """Queries of one's own, over the tables that ``http.routes.tables.allowed_names`` lists."""
    EXPORT = "export"
    """Whole answers as files."""
    REVIEW = "review"
    """The review queue, and correcting a category."""
    ACKNOWLEDGE = "acknowledge"
    """Take on an alert."""
    RAW = "raw"
    """Records as received: personal data."""
    AUDIT = "audit"
    """Who asked for what."""


class Role(StrEnum):
    """Roles. A token has one."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    REVIEWER = "reviewer"
    PRIVACY_OFFICER = "privacy_officer"
    LOCAL = "local"
    """Everyone on this machine, as long as no token is configured. Never of a token."""


_ANALYST = frozenset({Right.VIEW, Right.COMPLAINTS, Right.SQL, Right.EXPORT})
_REVIEWER = frozenset({Right.VIEW, Right.COMPLAINTS, Right.REVIEW, Right.ACKNOWLEDGE})
RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.VIEW}),
    Role.ANALYST: _ANALYST,
    Role.REVIEWER: _REVIEWER,
    Role.PRIVACY_OFFICER: _ANALYST | {Right.RAW, Right.AUDIT},
    Role.LOCAL: _ANALYST | _REVIEWER,
}
TOKEN_ROLES = tuple(role for role in Role if role is not Role.LOCAL)


@dataclass(frozen=True)
class Principal:
    """Who asks."""

    name: str
    role: Role

    def may(self, right: Right) -> bool:
        """Tell whether the role has a right."""
        return right in RIGHTS[self.role]


LOCAL_USER = Principal("local", Role.LOCAL)


def digest_of(token: str) -> str:
    """Return what is stored of a token: its SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token(role: Role, name: str) -> tuple[str, str]:
    """Make a token; return it and the line by which the service knows it.

    Raises:
        AuthError: the role is none of a token, or the name is empty or of several lines.
    """
    token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    line = f"{role.value} {digest_of(token)} {name}"
    parse_tokens(line, "--name")
    return token, line


def parse_tokens(text: str, where: str) -> dict[str, Principal]:
    """Return digest → who, from lines of role, digest and name; ``#`` starts a comment line.

    Raises:
        AuthError: a line is something else; the message says which, and shows none of it.
    """
    found: dict[str, Principal] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = LINE.fullmatch(stripped)
        if match is None or match["role"] not in TOKEN_ROLES:
            raise AuthError(
                f"{where}, line {number}: must be a role ({', '.join(TOKEN_ROLES)}), the SHA-256 of a token and a "
                "name; complaints tokens new prints such a line"
            )
        if match["digest"] in found:
            raise AuthError(f"{where}, line {number}: a token stands there twice")
        found[match["digest"]] = Principal(match["name"], Role(match["role"]))
    return found


class Tokens:
    """The tokens that are valid now. A file of tokens is read again when it has changed."""

    def __init__(self, lines: str, file: Path | None) -> None:
        """Take the tokens of the settings, and of a file if there is one.

        Raises:
            AuthError: they can't be read.
        """
        self._fixed = parse_tokens(lines, "COMPLAINTS_TOKENS")
        self._file = file
        self._seen: tuple[int, int] | None = None
        self._of_file: dict[str, Principal] = {}
        self._lock = threading.Lock()
        self._read()

    @property
    def configured(self) -> bool:
        """Whether a credential is needed at all. A file of tokens, even an empty one, says yes."""
        return bool(self._fixed) or self._file is not None

    def by_digest(self, digest: str) -> Principal | None:
        """Return whose token has this digest; takes the same time for whichever is near."""
        self._read()
        found = None
        for known, principal in [*self._fixed.items(), *self._of_file.items()]:
            if hmac.compare_digest(known, digest):
                found = principal
        return found

    def _read(self) -> None:
        if self._file is None:
            return
        with self._lock:
            try:
                status = self._file.stat()
                seen = (status.st_mtime_ns, status.st_size)
                if seen != self._seen:
                    self._of_file = parse_tokens(self._file.read_text(encoding="utf-8"), str(self._file))
                    self._seen = seen
            except (OSError, UnicodeDecodeError) as error:
                self._of_file, self._seen = {}, None  # a file that is gone lets nobody in
                raise AuthError(f"{self._file} can't be read: {error}") from error


class Sessions:
    """Sessions of browsers: a random id in a cookie stands for a token until it expires or the service ends."""

    def __init__(self) -> None:
        self._sessions: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def open(self, token_digest: str) -> str:
        """Begin a session; return its id."""
        session = secrets.token_urlsafe(TOKEN_BYTES)
        now = time.monotonic()
        with self._lock:
            live = [(key, value) for key, value in self._sessions.items() if value[1] > now]
            self._sessions = dict(live[-MOST_SESSIONS:])
            self._sessions[digest_of(session)] = (token_digest, now + SESSION_SECONDS)
        return session

    def token_digest(self, session: str) -> str | None:
        """Return the digest of the token that a live session stands for."""
        found = self._sessions.get(digest_of(session))
        return found[0] if found is not None and found[1] > time.monotonic() else None

    def close(self, session: str) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(digest_of(session), None)


def check_address(host: str, tokens: Tokens) -> None:
    """Make sure that the service is not open to the network without a credential.

    Raises:
        AuthError: it would be.
    """
    if not is_loopback(host) and not tokens.configured:
        raise AuthError(
            f"{host} can be reached from other machines, and no token is configured: make one with "
            "`complaints tokens new`, put its line into a file and set COMPLAINTS_TOKENS_FILE; or listen on 127.0.0.1"
        )
