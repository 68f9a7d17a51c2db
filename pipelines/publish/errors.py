"""The one error of this room."""


class PublishError(Exception):
    """What was published before is as it was; the message says why, and what to do."""
