"""`dagster dev` with the webserver of this project: `python -m pipelines.dagster_dev`, with its options."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any


def main() -> None:
    """Start code server, daemon and webserver as `dagster dev` does."""
    dev: Any = import_module("dagster._cli.dev")
    start = dev.open_ipc_subprocess

    def start_ours(words: list[str], **options: Any) -> Any:
        return start(
            ["pipelines.webserver" if word == "dagster_webserver" else word for word in words],
            **options,
        )

    dev.open_ipc_subprocess = start_ours
    # It is how this project is started; the hint to another command is not for its user.
    warnings.filterwarnings("ignore", message="Function `dev_command`")
    dev.dev_command(auto_envvar_prefix="DAGSTER_CLI")


if __name__ == "__main__":
    main()
