"""What the warehouse already holds, and how it differs from what was just read."""
