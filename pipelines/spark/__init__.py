"""The models on Apache Spark instead of DuckDB, for whom one machine is too small. Neither Dagster nor the API.

- `server.py`: Spark's thrift server, asked in SQL
- `storage.py`: the folder or object store that this machine and the cluster share
- `export.py`: from the warehouse to Spark: raw tables, catalog, run log, and the histories where Spark has none
- `bring_back.py`: the marts that dbt built there, into the warehouse
- `build.py`: what comes before dbt, and after
- `cluster.py`: a small cluster on this machine, for `make spark` and the tests

What only we hold stays in the warehouse: Spark may be lost at any time, and is filled again.
"""

from pipelines.spark.build import columns, conclude, prepare, probe
from pipelines.spark.errors import SparkError

__all__ = ["SparkError", "columns", "conclude", "prepare", "probe"]
