"""Copies of an installation: made while things run, verified before they count, put back without a loss. No Dagster.

- `contents.py`: which files are an installation, and where each belongs
- `copying.py`: one file at a time, as its format wants it
- `manifest.py`: what a backup holds, file by file, and whether it still does
- `creation.py`, `restoration.py`: a backup made, a backup put back
"""

from pipelines.backup.creation import create
from pipelines.backup.manifest import Backup, BackupError, backups
from pipelines.backup.restoration import Restored, restore

__all__ = ["Backup", "BackupError", "Restored", "backups", "create", "restore"]
