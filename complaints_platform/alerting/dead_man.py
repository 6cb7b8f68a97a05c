"""The dead man's switch: somebody outside is called as long as all is well, and alarms when the calls stay away."""

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
    """Call the switch if the last call is long enough ago; tell whether it has answered.

    A call that fails is no error here: that it stayed away is what the switch is for.

    Raises:
        AlertsError: its address is not there, or is none of the web's.
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
