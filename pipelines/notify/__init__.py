"""Who is told of a failure, and what has been told already."""
