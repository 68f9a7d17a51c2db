"""The one error of this room."""


class WarehouseError(Exception):
    """The warehouse cannot be used now; says why, what to do, and that it is as it was."""
