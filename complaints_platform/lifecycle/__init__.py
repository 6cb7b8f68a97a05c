"""The life of personal data: every place that holds some, and replacing the key by which customers are hashed.

Erasure, holds and the archive belong here; they are not written yet, and begin by walking ``places.PLACES``. How each
place is read and written belongs to the room that owns it.
"""
