"""``complaints rekey``: a new data key for everything, for the day the old one leaks."""

from complaints_platform.commands.opening import open_platform
from complaints_platform.commands.printing import say


def rekey() -> None:
    """Replace the data key everywhere, for the day it leaks; first set the new key and its version.

    COMPLAINTS_DATA_KEY is the new secret, COMPLAINTS_DATA_KEY_VERSION the next number. Customers, agents and
    threads are hashed again from raw, corrections follow their complaints, and everything with old hashes is
    deleted. May be interrupted and repeated. Nothing else may run meanwhile.
    """
    from complaints_platform.commands.running import Runner
    from complaints_platform.instance.local import local_instance

    with local_instance() as instance:
        for step in Runner(open_platform(), instance).rekey():
            say(step)
