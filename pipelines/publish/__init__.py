"""From the private warehouse to the published file, atomically, and reading it. Neither Dagster nor dbt.

- `open_published.py`: the one way to open the published file for reading
- `build.py`: the marts, copied into a new file and compared with the original
- `contract.py`, `contract.csv`: what the file promises, and the check that it keeps the promise
- `versions.py`: how the new file takes the place of the old one, which is kept
- `parquet.py`: the same tables for programs without a DuckDB driver
- `recovery.py`: the way back: histories from the last publication into a new warehouse
- `publication.py`: all of it in order: `publish`, and `rollback` for the way back
"""

from pipelines.publish.contract import CONTRACT_VERSION, Publication, read_publication, verify
from pipelines.publish.open_published import PublishError, how_to_publish, open_published
from pipelines.publish.publication import publications, publish, rollback
from pipelines.publish.recovery import recover

__all__ = [
    "CONTRACT_VERSION",
    "Publication",
    "PublishError",
    "how_to_publish",
    "open_published",
    "publications",
    "publish",
    "read_publication",
    "recover",
    "rollback",
    "verify",
]
