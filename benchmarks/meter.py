"""Measuring the process that this runs in: CPU seconds and memory of the process tree over time.

It samples as the peers' own meter does (every 50 ms, resident memory of the process and its
children), so that both sides' numbers mean the same.
"""

import threading
import time
from dataclasses import dataclass
from typing import Self

import numpy as np
import psutil

SAMPLE_SECONDS = 0.05
MEGABYTE = 2**20

RESULT = "RESULT "
"""Begins the line in which a measured process gives its result, as in the peers' meter."""


@dataclass(frozen=True)
class Span:
    """A part of the time: wall-clock seconds since 1970."""

    start: float
    end: float


@dataclass(frozen=True)
class Cost:
    """What a part of the work cost."""

    wall_s: float
    cpu_s: float
    peak_mb: float


class Meter:
    """Samples from entering to leaving the ``with`` block; afterwards it tells what any span cost."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._samples: list[tuple[float, float, float]] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._samples.append(self._sample())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._samples.append(self._sample())

    def cost(self, *spans: Span) -> Cost:
        """Return what some spans cost together; CPU between two samples counts in proportion."""
        times, cpu, memory = np.array(self._samples).T
        within = [memory[(times >= span.start) & (times <= span.end)] for span in spans]
        at_borders = [np.interp([span.start, span.end], times, memory) for span in spans]
        return Cost(
            wall_s=sum(span.end - span.start for span in spans),
            cpu_s=float(sum(np.diff(np.interp([span.start, span.end], times, cpu))[0] for span in spans)),
            peak_mb=float(max((part.max() for part in (*within, *at_borders) if len(part)), default=0)) / MEGABYTE,
        )

    def total(self) -> Cost:
        """Return what the whole block cost."""
        return self.cost(Span(self._samples[0][0], self._samples[-1][0]))

    def _run(self) -> None:
        while not self._stopped.wait(SAMPLE_SECONDS):
            self._samples.append(self._sample())

    def _sample(self) -> tuple[float, float, float]:
        cpu, memory = _used(self._process, with_children=True)
        for child in self._process.children(recursive=True):
            try:
                child_cpu, child_memory = _used(child, with_children=False)
            except psutil.NoSuchProcess:
                continue  # its CPU time is its parent's from now on
            cpu, memory = cpu + child_cpu, memory + child_memory
        return time.time(), cpu, memory


def _used(process: psutil.Process, *, with_children: bool) -> tuple[float, float]:
    times = process.cpu_times()
    cpu = times.user + times.system
    if with_children:
        cpu += times.children_user + times.children_system
    return cpu, process.memory_info().rss
