"""The routes of the query service, one module a theme.

A route reads the request and says which right it needs; what it answers is found by the modules of ``serving``.
"""
