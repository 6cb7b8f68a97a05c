"""What can go wrong in a benchmark."""


class BenchmarkError(Exception):
    """A contender failed, or its counts do not add up; the message is for people."""


class PeersAbsentError(BenchmarkError):
    """The peers' folder, or that of the data, is not there: nothing to measure, or nothing to compare with."""
