"""Sentry's errors per project, turned into health per product."""

import os

# The telemetry of dlt, dbt and Dagster is off unless the user turns it on.
for _switch, _off in {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}.items():
    os.environ.setdefault(_switch, _off)
