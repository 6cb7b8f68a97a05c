"""Groups of the ``complaints`` command that are too long for ``cli``: parsing and printing, a module a group."""
