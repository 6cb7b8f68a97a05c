"""Storing generated files: what senders drop goes to one place, the truth beside it or elsewhere."""

from collections.abc import Callable
from pathlib import PurePosixPath

from complaints_platform.generator import GeneratorOptions, generate_files
from complaints_platform.lake.store import Store

TRUTH = "truth"
SUMMARY = f"{TRUTH}/summary.json"


def write_files(
    options: GeneratorOptions, out: Store, truth: Store, progress: Callable[[], None] = lambda: None
) -> tuple[int, int]:
    """Write all files below ``out`` and the truth below ``truth``; return how many, and their bytes.

    The truth's summary comes last: where it stands, everything stands.
    """
    files = size = 0
    for file in generate_files(options):
        store = truth if PurePosixPath(file.path).parts[0] == TRUTH else out
        store.put(file.path, file.content)
        files += 1
        size += len(file.content)
        progress()
    return files, size
