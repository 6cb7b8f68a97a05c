"""One message to one receiver, through apprise. Nothing is remembered here, and nothing raised.

Every message carries its identity, where the transport has room for one: mail as ``Message-ID``, webhooks (``json://``,
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
from complaints_platform.alerting.outbox import DeliveryResult
from complaints_platform.alerting.rendering import Rendered

if TYPE_CHECKING:
    from apprise import NotifyBase
    from apprise.plugins.email.base import NotifyEmail

DOMAIN = "complaints-platform"
"""Right-hand side of a mail's Message-ID."""

HEADERS = {"Auto-Submitted": "auto-generated"}
HASH_DIGITS = 16
SHORTEST_SECRET = 4
MOST_SAID_OF_AN_ERROR = 300


class Transport(Protocol):
    """How a message travels to a receiver."""

    def send(self, message: Rendered, reached: tuple[str, ...]) -> DeliveryResult:
        """Send a message to those of the receiver's recipients who don't have it yet."""


class AppriseTransport:
    """A transport of apprise's, for one of its URLs: a secret that no error shows. The clock returns UTC."""

    def __init__(self, address: SecretStr, clock: Callable[[], datetime]) -> None:
        self._address = address
        self._clock = clock

    def send(self, message: Rendered, reached: tuple[str, ...]) -> DeliveryResult:
        """Send a message; errors are in the result."""
        problems = _Problems()
        log = logging.getLogger("apprise")
        log.addHandler(problems)
        try:
            now_reached = self._send(message, reached)
        except Exception as broken:  # noqa: BLE001  # a broken transport must not keep the others waiting
            now_reached = reached
            problems.lines.append(f"{type(broken).__name__}: {broken}")
        finally:
            log.removeHandler(problems)
        if now_reached is None:
            return DeliveryResult(delivered=True, at=self._clock())
        error = self._without_secrets("; ".join(problems.lines) or "it was refused")
        return DeliveryResult(delivered=False, at=self._clock(), error=error, reached=now_reached)

    def _send(self, message: Rendered, reached: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return None if everybody has it, otherwise those who do."""
        from apprise import Apprise
        from apprise.plugins.email.base import NotifyEmail

        transport = Apprise.instantiate(self._address.get_secret_value())
        if transport is None:
            raise ValueError("apprise does not know this kind of address")
        if isinstance(transport, NotifyEmail):
            return _send_mail(transport, message, reached)
        return None if _notify(transport, message) else reached

    def _without_secrets(self, text: str) -> str:
        address = self._address.get_secret_value().partition("://")[2]
        parts = {*re.split(r"[^\w.%+-]+", address), *re.split(r"[/:@?&=]+", unquote(address))}
        for part in sorted(parts, key=len, reverse=True):
            if len(part) >= SHORTEST_SECRET:
                text = text.replace(part, "…")
        return text[:MOST_SAID_OF_AN_ERROR]


class _Problems(logging.Handler):
    """Keeps what apprise logs about a failure."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(" ".join(record.getMessage().split()))


def _notify(transport: "NotifyBase", message: Rendered) -> bool:
    from apprise import NotifyFormat, NotifyType

    headers = getattr(transport, "headers", None)
    if isinstance(headers, dict):
        headers["Idempotency-Key"] = message.name
    extras = getattr(transport, "payload_extras", None)
    if isinstance(extras, dict):
        is_json = type(transport).__name__ == "NotifyJSON"
        notifications = message.notifications if is_json else orjson.dumps(message.notifications).decode()
        extras |= {"id": message.name, "severity": message.severity.value, "notifications": notifications}
    kinds = {
        Severity.INFO: NotifyType.INFO,
        Severity.MINOR: NotifyType.WARNING,
        Severity.MAJOR: NotifyType.WARNING,
        Severity.CRITICAL: NotifyType.FAILURE,
    }
    # A text message is short: apprise would split a long one.
    room = transport.body_maxlen - (0 if transport.title_maxlen else len(message.title) + 2)
    body = message.body if len(message.body) <= room else f"{message.body[: max(room - 1, 0)]}…"
    sent = transport.notify(body, message.title, notify_type=kinds[message.severity], body_format=NotifyFormat.TEXT)
    return bool(sent)


def _send_mail(transport: "NotifyEmail", message: Rendered, reached: tuple[str, ...]) -> tuple[str, ...] | None:
    """Send one mail per recipient; apprise's own sending would give each attempt another Message-ID.

    Returns:
        None if everybody has it, otherwise hashes of those who have.
    """
    from apprise import NotifyFormat
    from apprise.plugins.email.base import NotifyEmail
    from apprise.plugins.email.smtp import AppriseSMTPController

    recipients = [(name, address) for name, address in transport.targets if _hashed(address) not in reached]
    missed = False
    if not recipients:
        return None
    try:
        with AppriseSMTPController(
            host=transport.smtp_host,
            port=cast(int, transport.port),
            secure_mode=cast(str, transport.secure_mode),
            user=transport.user,
            password=transport.password,
            verify_certificate=transport.verify_certificate,
            socket_connect_timeout=transport.socket_connect_timeout,
        ) as smtp:
            for mail in NotifyEmail.prepare_emails(
                subject=message.title,
                body=message.body,
                from_addr=transport.from_addr,
                to=recipients,
                cc=transport.cc,
                bcc=transport.bcc,
                reply_to=transport.reply_to,
                smtp_host=transport.smtp_host,
                notify_format=NotifyFormat.TEXT,
                headers={**transport.headers, "X-Complaints-Notification": message.name, **HEADERS},
                names=transport.names,
            ):
                if smtp.sendmail(str(transport.from_addr[1]), mail.to_addrs, _identified(str(mail.body), message)):
                    reached = (*reached, _hashed(mail.recipient))
                else:
                    missed = True
    except OSError as error:  # smtplib's errors are among them
        logging.getLogger("apprise").warning("the mail server can't be reached: %s", type(error).__name__)
        return reached
    return reached if missed else None


def _identified(text: str, message: Rendered) -> str:
    """Give a mail the identity of its message, and make it a reply to the mail that opened the condition."""
    mail = message_from_string(text)
    del mail["Message-ID"]
    mail["Message-ID"] = f"<{message.name}@{DOMAIN}>"
    if message.in_reply_to:
        mail["In-Reply-To"] = mail["References"] = f"<{message.in_reply_to}@{DOMAIN}>"
    return mail.as_string()


def _hashed(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:HASH_DIGITS]
