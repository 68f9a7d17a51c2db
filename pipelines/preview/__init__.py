"""What an edit of the CSVs would change in what is published."""
