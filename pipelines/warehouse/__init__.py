"""The private DuckDB file: who may write it, one transaction per load, and the log of runs."""
