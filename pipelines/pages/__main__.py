"""`make pages`, or `python -m pipelines.pages`: the web pages, until Ctrl-C."""

from __future__ import annotations

import sys

from pipelines.pages.serving import serve
from pipelines.settings import SettingsError, read_settings_without_secrets


def main() -> int:
    """Serve the pages; 1 after one message where that cannot be."""
    try:
        serve(read_settings_without_secrets())
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # raised anew by uvicorn once it has ended
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
