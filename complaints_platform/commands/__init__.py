"""Commands that are too long for ``cli``: one module a group, parsing and printing only."""
