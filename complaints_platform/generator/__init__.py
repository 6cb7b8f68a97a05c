"""Realistic complaint files with their truth: for the demo, the tests and the benchmarks.

Here belongs all that invents complaints and writes them as senders would: pure functions of their options,
without file access but for ``output``, which stores the files. Reading such files is the work of ``sources``.

What is said, by whom and how often stands in the YAML files; ``data`` reads them and ``grammar`` compiles the
phrases. ``writing`` and ``noise`` decide who says what and how; ``people`` and ``personal_data``, whom it comes
from; ``volumes``, how much of it there is; ``days``, what follows from it; ``faults`` and ``senders``, how it is
sent. ``truth`` says what is true.
"""

from complaints_platform.generator.generate import generate_files
from complaints_platform.generator.options import GeneratedFile, GeneratorOptions

__all__ = ["GeneratedFile", "GeneratorOptions", "generate_files"]
