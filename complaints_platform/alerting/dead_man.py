"""The dead man's switch: an outside service is called as long as all is well, and alerts when the calls stop."""

import http.client
import logging
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from complaints_platform.alerting.outbox import Outbox
from complaints_platform.alerting.routes import Routes
from complaints_platform.errors import AlertsError
from complaints_platform.settings import secret_of_environment

LOG = logging.getLogger(__name__)
ANSWERS_WITHIN_SECONDS = 10


def call_if_due(routes: Routes, outbox: Outbox, clock: Callable[[], datetime]) -> bool:
    """Call the switch if a call is due; tell whether it has answered.

    A failed call is not an error here: noticing missing calls is what the switch is for.

    Raises:
        AlertsError: its address is missing or not an http(s) one.
    """
    switch = routes.dead_man
    last = outbox.last_call()
    if switch is None or (last is not None and clock() - last < timedelta(minutes=switch.every_minutes)):
        return False
    address = secret_of_environment(switch.url_env)
    if address is None or urlsplit(address.get_secret_value()).scheme not in {"http", "https"}:
        raise AlertsError(f"dead_man: the environment variable {switch.url_env} must hold an http(s) address")
    try:
        with urllib.request.urlopen(address.get_secret_value(), timeout=ANSWERS_WITHIN_SECONDS):  # noqa: S310  # checked above
            pass
    except (OSError, ValueError, http.client.HTTPException) as error:
        LOG.warning("the dead man's switch could not be called: %s", type(error).__name__)
        return False
    outbox.note_call(clock())
    return True
