"""Making the table of ``word_vectors`` from the network of ``embeddings``; needs the extra.

Run ``python -m complaints_platform.classification.distillation`` to make the table anew.
"""

import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from complaints_platform.classification.arrays import Float32s
from complaints_platform.classification.embeddings import WIDTH, embed_pieces
from complaints_platform.classification.word_vectors import TABLE

DIMENSIONS = 256
"""128 take half the space and lose 0.2 to 0.3 points on BANKING77 and CLINC150."""
_KEPT = re.compile(r"(?:##)?[a-z0-9]+|[!-/:-@\[-`{-~£€₦]")
"""Pieces of English and the marks of complaints; the rest of the vocabulary is other scripts."""


def distil() -> tuple[list[str], npt.NDArray[np.int8], Float32s]:
    """Return pieces, their vectors as integers, shape (pieces, ``DIMENSIONS``), and the step of each dimension.

    Raises:
        ModelError: the extra is not installed.
    """
    pieces, embedded = embed_pieces(lambda piece: _KEPT.fullmatch(piece) is not None)
    last_layer = embedded[:, -WIDTH:].astype(np.float64)
    centred = last_layer - last_layer.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    main = axes[:, ::-1][:, :DIMENSIONS]
    # An axis may point either way: fixed, so that the same network gives the same table.
    main = main * np.sign(main[np.abs(main).argmax(axis=0), np.arange(DIMENSIONS)])
    reduced = centred @ main
    steps = np.abs(reduced).max(axis=0) / 127
    return pieces, np.round(reduced / steps).astype(np.int8), steps.astype(np.float32)


def main() -> None:
    """Write the table beside this package's modules."""
    pieces, vectors, steps = distil()
    path = Path(str(files("complaints_platform.classification").joinpath(TABLE)))
    np.savez_compressed(
        path, pieces=np.frombuffer("\n".join(pieces).encode(), dtype=np.uint8), vectors=vectors, steps=steps
    )


if __name__ == "__main__":
    main()
