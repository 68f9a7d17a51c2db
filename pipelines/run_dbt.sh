#!/bin/sh
# dagster-dbt wants one program to start. This one works whatever characters the path of the clone has.
exec "$PIPELINES_PYTHON" -m pipelines.models "$@"
