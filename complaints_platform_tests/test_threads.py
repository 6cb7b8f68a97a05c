"""What must have happened before threads begin."""

import subprocess
import sys


def test_polars_has_numpy_before_any_thread_needs_it():
    """Its own import of NumPy is not safe: of two threads that come first at once, one fails."""
    looks = "import complaints_platform.intake.files, polars._dependencies as its, numpy; print(its.numpy is numpy)"
    found = subprocess.run([sys.executable, "-c", looks], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "True"
