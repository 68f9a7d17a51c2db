"""The dlt source for Sentry. Pure: it knows neither Dagster nor dbt, and runs without them."""
