"""Environments, releases, sessions and numbers of events as Sentry answers them, traps included."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from pipelines.fake_sentry.entities import OwnershipRule, Project
from pipelines.fake_sentry.sentry_world import START, SentryWorld
from pipelines.fake_sentry.server import FakeSentry
from tests.fake_sentry.plain_client import ISSUES, Client

EVENTS, SESSIONS = "organizations/acme/events/", "organizations/acme/sessions/"
RELEASES = "organizations/acme/releases/"
WINDOW = {"start": "2026-10-01T00:00:00", "end": "2026-11-03T00:00:00"}


def counted(client: Client, *fields: str, **params: Any) -> list[dict[str, Any]]:
    response = client.get(EVENTS, dataset="errors", field=fields, **WINDOW, **params)
    assert response.status_code == 200, response.text
    rows: list[dict[str, Any]] = response.json()["data"]
    return rows


def test_a_listing_of_an_environment_counts_there_and_a_read_by_id_counts_everywhere(
    world: SentryWorld, api: Project, client: Client
) -> None:
    issue = world.create_issue(api, count=5, at=START - timedelta(days=3), environment="staging")
    world.add_events(issue, 2, at=START - timedelta(days=1))
    world.add_events(issue, 4, environment="staging")

    (listed,) = client.rows(ISSUES, query="", environment="production")
    assert (listed["count"], listed["lastSeen"]) == ("2", "2026-11-01T09:00:00Z")
    assert (listed["lifetime"]["count"], listed["lifetime"]["firstSeen"]) == (
        "11",
        "2026-11-01T09:00:00Z",
    )
    (by_id,) = client.rows(ISSUES, group=issue.id, environment="production")
    assert (by_id["count"], by_id["lastSeen"]) == ("11", "2026-11-01T09:00:00Z")
    assert client.all_ids(query="", environment=["production", "staging"]) == [issue.id]
    world.create_issue(api, "KeyError: elsewhere", environment="staging")
    assert client.all_ids(query="", environment="production") == [issue.id]


def test_an_environment_that_is_not_there_is_not_found(
    world: SentryWorld, api: Project, client: Client
) -> None:
    world.create_issue(api)
    assert client.get(ISSUES, query="", environment="prod").status_code == 404
    names = client.rows("organizations/acme/environments/")
    assert [row["name"] for row in names] == ["production"]


def test_events_are_counted_by_the_fields_that_are_asked_for(
    world: SentryWorld, api: Project, web: Project, client: Client
) -> None:
    one = world.create_issue(api, count=3, users=range(4), first_release="api@1")
    world.add_events(one, 2, users=range(3, 6), release="api@2", environment="staging")
    world.create_issue(web, count=7, users=range(2), at=START - timedelta(days=40))

    assert counted(client, "issue.id", "release", "count()", sort="-count()") == [
        {"issue.id": int(one.id), "release": "api@1", "count()": 3},
        {"issue.id": int(one.id), "release": "api@2", "count()": 2},
    ]
    assert counted(client, "project.id", "timestamp.to_day", "count()", environment="staging") == [
        {
            "project.id": int(api.id),
            "timestamp.to_day": "2026-11-02T00:00:00+00:00",
            "count()": 2,
        }
    ]
    assert counted(client, "count_unique(user)") == [{"count_unique(user)": 6}]
    assert counted(client, "count()", query=f"issue.id:[{one.id},5]") == [{"count()": 5}]
    assert client.get(EVENTS, field="mood", **WINDOW).status_code == 400


def test_a_release_counts_its_new_issues_by_project(
    world: SentryWorld, api: Project, web: Project, client: Client
) -> None:
    world.publish_release([api, web], "shop@1")
    world.advance(hours=1)
    world.publish_release([api], "shop@2")
    issue = world.create_issue(web, first_release="shop@1")
    world.delete_issue(world.create_issue(web, first_release="shop@1"))

    latest, first = client.rows(RELEASES)
    assert latest["version"] == "shop@2"
    assert (first["newGroups"], first["firstEvent"]) == (2, "2026-11-02T10:00:00Z")
    assert [(row["id"], row["newGroups"]) for row in first["projects"]] == [
        (int(api.id), 0),
        (int(web.id), 2),
    ]
    body = client.get(f"{ISSUES}{issue.id}/first-last-release/").json()
    assert (body["firstRelease"]["version"], body["lastRelease"]["version"]) == ("shop@1", "shop@1")


def test_sessions_are_counted_by_project_and_status(
    world: SentryWorld, api: Project, client: Client
) -> None:
    world.record_sessions(api, 8)
    world.record_sessions(api, 2, "crashed", at=START - timedelta(days=1))
    question = {"field": "sum(session)", "interval": "1d", "statsPeriod": "2d"}
    body = client.get(SESSIONS, **question, groupBy=["project", "session.status"]).json()
    series = {
        group["by"]["session.status"]: group["series"]["sum(session)"] for group in body["groups"]
    }
    assert {group["by"]["project"] for group in body["groups"]} == {int(api.id)}
    assert series == {"healthy": [0, 0, 8], "crashed": [0, 2, 0]}
    assert client.get(SESSIONS, **question | {"field": "mood"}).status_code == 400


def test_owners_are_told_if_asked_for(world: SentryWorld, api: Project, client: Client) -> None:
    world.set_ownership(api, [OwnershipRule("*pay*", "team:7")])
    world.create_issue(api, "ValueError: cannot pay")
    (row,) = client.rows(ISSUES, query="", expand="owners")
    assert [(each["type"], each["owner"]) for each in row["owners"]] == [
        ("ownershipRule", "team:7")
    ]
    assert "owners" not in client.rows(ISSUES, query="")[0]


def test_a_server_that_checks_the_words_of_expand_refuses_those_that_it_does_not_know(
    world: SentryWorld, api: Project
) -> None:
    issue = world.create_issue(api)
    with FakeSentry(world, "self-hosted") as sentry:
        sentry.flavour = replace(sentry.flavour, has_owners=False, checks_expand=True)
        client = Client(sentry)
        for asked in ({"query": ""}, {"group": issue.id}):
            refused = client.get(ISSUES, expand="owners", **asked)
            assert (refused.status_code, refused.json()["detail"]) == (
                400,
                "Invalid expand: owners",
            )
            assert client.get(ISSUES, **asked).status_code == 200


def test_an_issue_alone_names_its_first_release_but_in_glitchtip(
    world: SentryWorld, api: Project
) -> None:
    issue = world.create_issue(api, first_release="api@1")
    told = {}
    for flavour in ("sentry10", "sentry9", "glitchtip"):
        with FakeSentry(world, flavour) as sentry:
            body = Client(sentry).get(f"issues/{issue.id}/").json()
            told[flavour] = (body.get("firstRelease") or {}).get("version")
    assert told == {"sentry10": "api@1", "sentry9": "api@1", "glitchtip": None}


def test_old_servers_lack_most_and_glitchtip_wants_a_scope_for_its_releases(
    world: SentryWorld, api: Project
) -> None:
    world.publish_release([api], "api@1")
    status = {}
    for flavour in ("sentry10", "sentry9", "glitchtip"):
        with FakeSentry(world, flavour) as sentry:
            client = Client(sentry)
            paths = (RELEASES, EVENTS, SESSIONS)
            status[flavour] = [client.get(p, field="count()").status_code for p in paths]
            sentry.state.scopes.add("project:releases")
            (release,) = client.rows(RELEASES)
            assert release["version"] == "api@1"
            assert "newGroups" not in release["projects"][0]
    assert status == {
        "sentry10": [200, 200, 404],
        "sentry9": [200, 500, 404],
        "glitchtip": [403, 404, 404],
    }
