"""The life of personal data: every place that holds some, and replacing the key by which customers are hashed.

Erasure, holds and the archive belong here. How each place is read and written belongs to the room that owns it.
"""
