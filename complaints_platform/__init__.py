"""complaints_platform: customer complaints from files to answers, as Dagster assets.

Each sub-package says in its docstring what belongs in it and what does not. Imports run
one way: ``definitions``, ``cli`` and ``defs`` may import everything; the pure packages
(``schemas``, ``cleaning``, ``classification``, ``marts``) never know Dagster.
"""
