"""Becomes another program that may do less: ``python limited.py LIMIT PROGRAM ARGUMENT…``.

A program of its own, because a process that has loaded numeric libraries must not fork, which is what ``user`` and
``preexec_fn`` of ``subprocess`` make it do: OpenBLAS waits in the fork for threads that may never end.
"""

import ctypes
import os
import pwd
import resource
import sys

PR_CAPBSET_DROP = 24
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
SMALLER_THAN_A_SEGMENT = 3000
UNPRIVILEGED = "nobody"


def permissions():
    """Let permissions hold for root, too, from the next program on."""
    if os.geteuid() == 0:
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def space():
    """Refuse to write more than a little into any file, as a full disk does."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALLER_THAN_A_SEGMENT, SMALLER_THAN_A_SEGMENT))


def user():
    """Be nobody in particular, if this is root."""
    if os.geteuid() == 0:
        account = pwd.getpwnam(UNPRIVILEGED)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)


LIMITS = {limit.__name__: limit for limit in (permissions, space, user)}


def limited(limit, *program):
    """Return the command that runs a program under a limit."""
    return [sys.executable, __file__, limit, *program]


if __name__ == "__main__":
    LIMITS[sys.argv[1]]()
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606  # no shell is wanted
