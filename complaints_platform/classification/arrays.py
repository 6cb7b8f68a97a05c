"""Names of the array types that the room's modules share."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Float32s = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
