"""The query service over HTTP: the application, who may do what, parameters, responses and routes.

What is answered belongs in ``serving.answers``.
"""
