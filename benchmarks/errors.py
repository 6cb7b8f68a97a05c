"""What can go wrong in a benchmark."""


class BenchmarkError(Exception):
    """A contender failed, or its counts do not add up; the message is for people."""


class PeersAbsentError(BenchmarkError):
    """The peers' folder is not there, so there is neither a workload nor anything to compare with."""
