"""Runs a program, and ends everything that it started when it ends or when standard input closes.

``complaints start`` runs one of these for each of its programs and holds the other end of the pipe. However it
ends, killed included, the operating system closes the pipe, and nothing stays. Nothing but the standard library
is imported: a guard costs a few megabytes.
"""

import os
import signal
import subprocess
import sys
import threading


def main() -> None:
    """Run the program that the arguments name, after the seconds that it may take to end; be the head of its group."""
    seconds, *program = sys.argv[1:]
    if os.getpgrp() != os.getpid():
        sys.exit("a guard must be the head of its process group: its last act is to kill the group")
    # A shell's background jobs ignore interrupts; the program would inherit that, and not hear the one below.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    running = subprocess.Popen(program, stdin=subprocess.DEVNULL)  # noqa: S603  # what start asks for
    threading.Thread(target=_end_when_left_alone, args=(running, float(seconds)), daemon=True).start()
    running.wait()
    os.killpg(0, signal.SIGKILL)


def _end_when_left_alone(running: subprocess.Popen[bytes], seconds: float) -> None:
    sys.stdin.buffer.read()
    running.send_signal(signal.SIGINT)
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
