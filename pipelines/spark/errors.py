"""The one error of this room."""


class SparkError(Exception):
    """Spark or its storage cannot be used; says where, why, and what to do. What is published is as it was."""
