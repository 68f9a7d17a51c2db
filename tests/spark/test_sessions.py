"""What a server says when a session ends fails no model."""

from __future__ import annotations

import pytest
from pyhive import exc, hive

from pipelines.models import let_sessions_of_spark_end


def test_a_session_ends_whatever_the_server_says_to_that(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = []

    def close(connection: hive.Connection) -> None:
        ended.append(connection)
        raise exc.OperationalError("NoClassDefFoundError: LlapSigner")

    monkeypatch.setattr(hive.Connection, "close", close)
    let_sessions_of_spark_end()
    connection = object.__new__(hive.Connection)
    connection.close()
    assert ended == [connection]
