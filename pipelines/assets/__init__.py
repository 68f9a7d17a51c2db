"""Dagster's view of the pipeline: thin assets that call the rooms next door."""
