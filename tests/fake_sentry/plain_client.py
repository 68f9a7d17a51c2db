"""A client that knows nothing of Sentry: it sends what it is given and returns what came."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests

from pipelines.fake_sentry.server import TOKEN, FakeSentry

ISSUES = "organizations/acme/issues/"


class Client:
    def __init__(self, sentry: FakeSentry, token: str | None = TOKEN) -> None:
        self.root = f"{sentry.url}/api/0/"
        self.headers = {"Authorization": f"Bearer {token}"} if token is not None else {}

    def get(self, path: str, **params: Any) -> requests.Response:
        return requests.get(self.root + path, params=params, headers=self.headers, timeout=60)

    def rows(self, path: str, **params: Any) -> list[dict[str, Any]]:
        response = self.get(path, **params)
        assert response.status_code == 200, response.text
        return list(response.json())

    def pages(self, path: str, **params: Any) -> Iterator[list[dict[str, Any]]]:
        for _ in range(50):
            response = self.get(path, **params)
            assert response.status_code == 200, response.text
            yield response.json()
            link = response.links["next"]
            if link["results"] != "true":
                return
            params["cursor"] = link["cursor"]
        raise AssertionError("the pages do not end")

    def all_ids(self, path: str = ISSUES, **params: Any) -> list[str]:
        return [row["id"] for page in self.pages(path, **params) for row in page]
