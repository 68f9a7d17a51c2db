"""`make pages`: the web pages, served until Ctrl-C."""

from __future__ import annotations

import uvicorn

from pipelines.pages.app import create_app
from pipelines.settings import Settings


def pages(settings: Settings, port: int) -> int:
    """Serve the web pages on 127.0.0.1: product health at a glance, drill-down, trends."""
    app = create_app(
        settings.published, server=settings.server_url, hosts=("127.0.0.1", "localhost", "::1")
    )
    print(f"The pages are on http://127.0.0.1:{port}. Stop with Ctrl-C.", flush=True)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)
    return 0
