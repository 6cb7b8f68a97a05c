"""Fixtures of the crash tests: warm processes, a landing, and what the lake holds without a kill."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from queue import SimpleQueue

import pytest
from harness import Place, Prefork, contents, write_landing

PARALLEL = 2


class Servers:
    """Some prefork servers; ``each`` does a piece of work on whichever of them is free."""

    def __init__(self, servers):
        self.all = servers
        self._free = SimpleQueue()
        for server in servers:
            self._free.put(server)

    def each(self, function, items):
        with ThreadPoolExecutor(len(self.all)) as pool:
            return list(pool.map(lambda item: self._on_one(function, item), items))

    def _on_one(self, function, item):
        server = self._free.get()
        try:
            return function(server, item)
        finally:
            self._free.put(server)


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    started = [Prefork(tmp_path_factory.mktemp("commands")) for _ in range(PARALLEL)]
    try:
        yield Servers([server.ready() for server in started])
    finally:
        for server in started:
            server.close()


@pytest.fixture(scope="session")
def landing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("landing")
    write_landing(folder)
    return folder


class Untouched:
    """A lake that nobody disturbed: collected, then updated; its contents, and what each command took."""

    def __init__(self, server, folder, landing):
        self.collected, self.updated = Place(folder / "collected", landing), Place(folder / "updated", landing)
        self.collect_seconds = _cpu_seconds(server, self.collected, "collect")
        self.after_collect = contents(self.collected)
        shutil.copytree(self.collected.folder, self.updated.folder)
        self.update_seconds = _cpu_seconds(server, self.updated, "update")
        self.after_update = contents(self.updated)


def _cpu_seconds(server, place, command):
    running = server.start(place, command)
    running.succeeds()
    return running.cpu_seconds


@pytest.fixture(scope="session")
def untouched(servers, landing, tmp_path_factory):
    return Untouched(servers.all[0], tmp_path_factory.mktemp("untouched"), landing)


@pytest.fixture
def new_place(tmp_path, landing):
    """Make a new place, empty or as a copy of another, over the shared landing or another one."""
    numbers = count()

    def make(copy_of=None, landing=landing, folder=None):
        folder = folder or tmp_path / f"place-{next(numbers)}"
        if copy_of is not None:
            shutil.copytree(copy_of.folder, folder)
        return Place(folder, landing)

    return make
