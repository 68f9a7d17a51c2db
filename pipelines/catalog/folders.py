"""Where the files and the data lie, for the commands: the environment, then `.env`, as every run reads them."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

PUBLISHED = "product_health.duckdb"
WAREHOUSE = "warehouse.duckdb"


class Folders(BaseSettings):
    """The two folders. Relative ones, and `.env`, are taken from the folder in which the command runs."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    data_dir: Path = Path("data")
    seeds_dir: Path = Path("seeds")
