"""Realistic complaint files with their truth: for the demo, the tests and the benchmarks.

Here belongs all that invents complaints and writes them as senders would: pure functions of
their options, without file access but for ``output``, which stores what they give. Reading such
files is ``sources``'s work, measuring against the truth the tests' and benchmarks'.

``grammar``, ``phrases`` and ``topics_*`` hold what is said, ``writing`` and ``noise`` who says it
and how; ``people`` and ``personal_data`` whom it comes from; ``volumes`` how much of it there is;
``days`` what follows from it; ``faults`` and ``senders`` how it is sent; ``truth`` what is true.
"""

from complaints_platform.generator.generate import generate_files
from complaints_platform.generator.options import GeneratedFile, GeneratorOptions

__all__ = ["GeneratedFile", "GeneratorOptions", "generate_files"]
