"""The platform that a command works on: the one place of the command line that reads the environment."""

from typing import TYPE_CHECKING

from complaints_platform.settings import load_settings

if TYPE_CHECKING:
    from complaints_platform.platform import Platform


def open_platform() -> "Platform":
    """Return the platform that the environment names.

    Raises:
        SettingsError: a setting is wrong; the message names the variable.
    """
    settings = load_settings()
    # Not before: Polars and all that reads files take longer to import than a command takes to explain itself.
    from complaints_platform.platform import Platform

    return Platform(settings)
