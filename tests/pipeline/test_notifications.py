"""The real jobs over the sample world: what teams are told, by a real mail server, and what the pages show of it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta

import duckdb
import pytest
import requests

from pipelines.__main__ import main
from pipelines.catalog.recipient_values import Digest
from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.notify import digest
from pipelines.notify.delivery import deliver
from pipelines.notify.digest_content import digest_payload
from pipelines.pages import serving
from pipelines.pages.app import create_app
from pipelines.publish import open_published
from pipelines.settings import Settings
from tests.notify.fake_jira import TOKEN, FakeJira
from tests.notify.mail_server import MailServer
from tests.notify.messages import recipient
from tests.pipeline.conftest import Deployment, failure_texts

RECIPIENTS = """team,channel,address,rules,min_priority,digest,quiet_hours,timezone
,mail,all@example.com,new_high,,daily always,,
,webhook,env:NOTIFY_ADDRESS_NOWHERE,new_high,,,,
,jira,SHOP,new_high,,,,
"""


def test_a_new_issue_is_told_once_and_nothing_else_is(
    deployment: Deployment, world: SentryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    (deployment.seeds / "recipients.csv").write_text(RECIPIENTS)
    with MailServer() as server, FakeJira(is_cloud=False) as jira:
        environment = {
            "JIRA_URL": jira.url,
            "JIRA_TOKEN": TOKEN,
            "NOTIFY_SMTP_URL": server.url,
            "NOTIFY_FROM": "sbp@example.com",
            "PAGES_URL": "https://products.example.com",
        }
        project = next(each for each in world.projects.values() if each.slug == "checkout-web")
        world.advance(hours=1)
        issue = world.create_issue(project, "FatalError: all is lost", count=3, level="fatal")
        world.advance(hours=1)
        result = deployment.run(**environment)
        assert result.success, failure_texts(result)
        [mail] = server.mails
        assert "FatalError: all is lost" in mail["Subject"]
        assert issue.id in mail.get_body(("plain",)).get_content()
        checks = {
            each.check_name: each.passed
            for each in result.get_asset_check_evaluations()
            if each.check_name.endswith("_delivered")
        }
        assert checks["mail_delivered"]
        assert not checks["webhook_delivered"], "its address is not set, and the run is fine"

        assert checks["jira_delivered"]
        [ticket] = jira.tickets.values()
        assert ticket.fields["summary"].endswith(": FatalError: all is lost")

        jira.move(ticket, "Done")
        rebuilt = deployment.run("rebuild_marts", **environment)
        assert rebuilt.success, failure_texts(rebuilt)
        assert len(server.mails) == 1
        with duckdb.connect(str(deployment.published), read_only=True) as db:
            tickets = db.execute(
                "select issue_id, ticket_key, ticket_status_category, disagreement from marts.fct_tickets"
            ).fetchall()
        assert tickets == [(issue.id, "SHOP-1", "done", "issue_is_open")]

        settings = Settings(
            data_dir=deployment.data, seeds_dir=deployment.seeds, notify_from="sbp@example.com"
        )
        settings.notify_smtp_url = type(settings.notify_smtp_url)(server.url)
        morning = datetime.now().replace(hour=9, microsecond=0)
        assert not digest.is_any_due(settings, morning), "whoever is new waits for a morning"
        assert digest.is_any_due(settings, morning + timedelta(days=1))
        assert digest.note_digests(settings, morning + timedelta(days=1)) == 1
        assert digest.note_digests(settings, morning + timedelta(days=1)) == 0
        deliver(settings, now=lambda: morning + timedelta(days=1, minutes=1))
        assert server.mails[1]["Subject"].startswith("Daily digest for all teams: ")
    assert_shown(settings)


def test_a_digest_for_all_teams_is_about_the_topmost_products_of_its_priority(
    first: Deployment,
) -> None:
    with open_published(first.published) as published:
        as_of = published.execute("select as_of from marts.publication").fetchone()[0]

        def sections(**row: str | None) -> tuple[str, list[str]]:
            weekly = recipient(digest=Digest("weekly", is_sent_always=True), **row)
            payload = digest_payload(published, weekly, as_of - timedelta(days=7))
            return payload["subject"], [section["title"] for section in payload["sections"]]

        subject, of_critical = sections(team=None, min_priority="critical")
        assert "for all teams, critical priority: " in subject
        assert sorted(of_critical) == ["Authentication", "Payment System"]
        _, of_all = sections(team=None)
        assert sorted(of_all[:-1]) == ["E-commerce Platform", "Internal Tools"]
        assert of_all[-1] == "Projects without a product"
        assert sections(team="checkout")[1] == ["Checkout Flow"]
        assert sections(team="support", min_priority="high")[1] == []


def test_a_row_can_be_tried_before_it_is_kept(
    first: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(first.data))
    monkeypatch.setenv("SEEDS_DIR", str(first.seeds))
    before = first.data.joinpath("notify.sqlite").read_bytes()
    assert main(["notify-preview"]) == 0
    checkout, _, operations = capsys.readouterr().out.splitlines()
    assert re.search(
        r"recipients.csv:2: checkout, mail checkout@example.com: would have been sent \d+ messages in the last "
        r"7 days \(.*\d+ new_high.*\) about \d+ reasons$",
        checkout,
    )
    assert operations.endswith("would have been sent nothing in the last 7 days")
    assert first.data.joinpath("notify.sqlite").read_bytes() == before


def assert_shown(settings: Settings) -> None:
    with closing(sqlite3.connect(settings.notify_state)) as db:
        states = dict(db.execute("select channel, state from messages where rule = 'new_high'"))
    assert states == {"mail": "sent", "webhook": "pending", "jira": "sent"}
    app = create_app(settings)
    with serving.served(app) as url:
        page = requests.get(f"{url}/sync/", timeout=30).text
    assert "mail all@example.com" in page
    assert "jira SHOP" in page
    assert "The ticket is done, the issue is not" in page
    assert "webhook (address in the environment)" in page
