"""One message to one receiver, through apprise. Nothing is remembered here, and nothing raised.

Every message carries its identity, where the way has room for one: mail as ``Message-ID``, webhooks (``json://``,
``xml://``, ``form://``) as header ``Idempotency-Key``. Whether a message has arrived can't always be known: when the
connection breaks after everything was sent, the receiver may have it. It is sent again with the same identity.
"""

import hashlib
import logging
import re
from collections.abc import Callable
from datetime import datetime
from email import message_from_string
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import unquote

import orjson
from pydantic import SecretStr

from complaints_platform.alerting.events import Severity
from complaints_platform.alerting.outbox import Outcome
from complaints_platform.alerting.rendering import Rendered

if TYPE_CHECKING:
    from apprise import NotifyBase
    from apprise.plugins.email.base import NotifyEmail

DOMAIN = "complaints-platform"
"""Right-hand side of a mail's Message-ID."""

HASH_DIGITS = 16
SHORTEST_SECRET = 4
MOST_SAID_OF_AN_ERROR = 300


class Way(Protocol):
    """A way to a receiver."""

    def send(self, message: Rendered, reached: tuple[str, ...]) -> Outcome:
        """Send a message, but not to those of the receiver's recipients who have it."""


class AppriseWay:
    """A way that apprise knows.

    Args:
        address: apprise's URL; a secret, that no error shows.
        clock: returns the time (UTC).
    """

    def __init__(self, address: SecretStr, clock: Callable[[], datetime]) -> None:
        self._address = address
        self._clock = clock

    def send(self, message: Rendered, reached: tuple[str, ...]) -> Outcome:
        """Send a message; whatever goes wrong is in the outcome."""
        problems = _Problems()
        log = logging.getLogger("apprise")
        log.addHandler(problems)
        try:
            now_reached = self._send(message, reached)
        except Exception as broken:  # noqa: BLE001  # a way's own mistake must not keep the others waiting
            now_reached = reached
            problems.lines.append(f"{type(broken).__name__}: {broken}")
        finally:
            log.removeHandler(problems)
        if now_reached is None:
            return Outcome(delivered=True, at=self._clock())
        error = self._without_secrets("; ".join(problems.lines) or "it was refused")
        return Outcome(delivered=False, at=self._clock(), error=error, reached=now_reached)

    def _send(self, message: Rendered, reached: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return None if everybody has it, otherwise who has."""
        from apprise import Apprise
        from apprise.plugins.email.base import NotifyEmail

        way = Apprise.instantiate(self._address.get_secret_value())
        if way is None:
            raise ValueError("the address is none that apprise knows")
        if isinstance(way, NotifyEmail):
            return _send_mail(way, message, reached)
        return None if _notify(way, message) else reached

    def _without_secrets(self, text: str) -> str:
        address = self._address.get_secret_value().partition("://")[2]
        parts = {*re.split(r"[^\w.%+-]+", address), *re.split(r"[/:@?&=]+", unquote(address))}
        for part in sorted(parts, key=len, reverse=True):
            if len(part) >= SHORTEST_SECRET:
                text = text.replace(part, "…")
        return text[:MOST_SAID_OF_AN_ERROR]


class _Problems(logging.Handler):
    """Keeps what apprise says of a failure."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(" ".join(record.getMessage().split()))


def _notify(way: "NotifyBase", message: Rendered) -> bool:
    from apprise import NotifyFormat, NotifyType

    headers = getattr(way, "headers", None)
    if isinstance(headers, dict):
        headers["Idempotency-Key"] = message.name
    extras = getattr(way, "payload_extras", None)
    if isinstance(extras, dict):
        is_json = type(way).__name__ == "NotifyJSON"
        notifications = message.notifications if is_json else orjson.dumps(message.notifications).decode()
        extras |= {"id": message.name, "severity": message.severity.value, "notifications": notifications}
    kinds = {
        Severity.INFO: NotifyType.INFO,
        Severity.MINOR: NotifyType.WARNING,
        Severity.MAJOR: NotifyType.WARNING,
        Severity.CRITICAL: NotifyType.FAILURE,
    }
    # A text message has room for little: apprise would cut it into several.
    room = way.body_maxlen - (0 if way.title_maxlen else len(message.title) + 2)
    body = message.body if len(message.body) <= room else f"{message.body[: max(room - 1, 0)]}…"
    sent = way.notify(body, message.title, notify_type=kinds[message.severity], body_format=NotifyFormat.TEXT)
    return bool(sent)


def _send_mail(way: "NotifyEmail", message: Rendered, reached: tuple[str, ...]) -> tuple[str, ...] | None:
    """Send one mail a recipient; apprise's own sending would give every try another Message-ID.

    Returns:
        None if everybody has it, otherwise hashes of those who have.
    """
    from apprise import NotifyFormat
    from apprise.plugins.email.base import NotifyEmail
    from apprise.plugins.email.smtp import AppriseSMTPController

    recipients = [(name, address) for name, address in way.targets if _hashed(address) not in reached]
    missed = False
    if not recipients:
        return None
    try:
        with AppriseSMTPController(
            host=way.smtp_host,
            port=cast(int, way.port),
            secure_mode=cast(str, way.secure_mode),
            user=way.user,
            password=way.password,
            verify_certificate=way.verify_certificate,
            socket_connect_timeout=way.socket_connect_timeout,
        ) as smtp:
            for mail in NotifyEmail.prepare_emails(
                subject=message.title,
                body=message.body,
                from_addr=way.from_addr,
                to=recipients,
                cc=way.cc,
                bcc=way.bcc,
                reply_to=way.reply_to,
                smtp_host=way.smtp_host,
                notify_format=NotifyFormat.TEXT,
                headers={**way.headers, "X-Complaints-Notification": message.name, "Auto-Submitted": "auto-generated"},
                names=way.names,
            ):
                if smtp.sendmail(str(way.from_addr[1]), mail.to_addrs, _identified(str(mail.body), message)):
                    reached = (*reached, _hashed(mail.recipient))
                else:
                    missed = True
    except OSError as error:  # smtplib's errors are among them
        logging.getLogger("apprise").warning("the mail server can't be reached: %s", type(error).__name__)
        return reached
    return reached if missed else None


def _identified(text: str, message: Rendered) -> str:
    """Give a mail the identity of its message, and let it follow the one that it goes on with."""
    mail = message_from_string(text)
    del mail["Message-ID"]
    mail["Message-ID"] = f"<{message.name}@{DOMAIN}>"
    if message.answers:
        mail["In-Reply-To"] = mail["References"] = f"<{message.answers}@{DOMAIN}>"
    return mail.as_string()


def _hashed(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:HASH_DIGITS]
