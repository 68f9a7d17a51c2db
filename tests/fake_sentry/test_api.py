"""What Sentry's API does that clients do not expect."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest

from pipelines.fake_sentry.entities import Project
from pipelines.fake_sentry.sentry_world import START, SentryWorld
from pipelines.fake_sentry.server import TOKEN, FakeSentry
from tests.fake_sentry.plain_client import ISSUES, Client


def test_a_batch_by_id_ignores_query_and_window_and_leaves_out_what_it_cannot_see(
    world: SentryWorld, api: Project, client: Client
) -> None:
    old = world.create_issue(api, at=START - timedelta(days=80))
    world.resolve(old)
    pending = world.create_issue(api)
    world.start_deletion(pending)
    deleted = world.create_issue(api)
    world.delete_issue(deleted)

    response = client.get(
        ISSUES,
        project=-1,
        group=[old.id, pending.id, deleted.id, "1"],
        query="is:unresolved",
        statsPeriod="1h",
    )

    assert {row["id"]: row["status"] for row in response.json()} == {
        old.id: "resolved",
        pending.id: "pending_deletion",
    }
    assert "Link" not in response.headers
    assert client.all_ids(query="") == [old.id]
    assert client.get(ISSUES, group="API-1").status_code == 400


def test_a_request_line_longer_than_eight_kilobytes_is_refused(client: Client) -> None:
    assert (
        client.get(ISSUES, project=-1, group=list(range(5_100_000_000, 5_100_000_400))).status_code
        == 200
    )
    assert (
        client.get(ISSUES, project=-1, group=list(range(5_100_000_000, 5_100_000_600))).status_code
        == 414
    )


def test_a_merged_issue_answers_with_another_id(
    world: SentryWorld, api: Project, client: Client
) -> None:
    parent, child, grandchild = (
        world.create_issue(api, count=n, at=START - timedelta(days=n)) for n in (1, 2, 3)
    )
    world.resolve(grandchild)
    world.merge([grandchild], child)
    world.merge([child], parent)

    body = client.get(f"{ISSUES}{grandchild.id}/").json()

    assert body["id"] == parent.id
    assert body["count"] == "6"
    assert body["firstSeen"] == "2026-10-30T09:00:00Z"
    # The children's activities came along; two merges in a row are shown as one.
    assert [entry["type"] for entry in body["activity"]] == ["merge", "set_resolved", "first_seen"]
    assert [
        row["id"] for row in client.rows(ISSUES, group=[parent.id, child.id, grandchild.id])
    ] == [parent.id]


def test_a_deleted_issue_and_one_pending_deletion_are_404(
    world: SentryWorld, api: Project, client: Client
) -> None:
    deleted, pending = world.create_issue(api), world.create_issue(api)
    world.delete_issue(deleted)
    world.start_deletion(pending)

    for issue in (deleted, pending):
        response = client.get(f"{ISSUES}{issue.id}/")
        assert response.status_code == 404
        assert response.json() == {"detail": "The requested resource does not exist"}


def test_resolving_moves_no_timestamp_and_only_the_activities_tell_when(
    world: SentryWorld, api: Project, client: Client
) -> None:
    issue = world.create_issue(api)
    before = client.get(f"{ISSUES}{issue.id}/").json()
    world.advance(hours=5)
    world.resolve(issue)

    after = client.get(f"{ISSUES}{issue.id}/").json()
    activity = client.get(f"{ISSUES}{issue.id}/activities/").json()["activity"]

    assert (before["status"], after["status"]) == ("unresolved", "resolved")
    assert after["lastSeen"] == before["lastSeen"]
    assert [(entry["type"], entry["dateCreated"]) for entry in activity] == [
        ("set_resolved", "2026-11-02T14:00:00Z"),
        ("first_seen", "2026-11-02T09:00:00Z"),
    ]


def test_the_activity_list_forgets_beyond_a_hundred_entries(
    world: SentryWorld, api: Project, client: Client
) -> None:
    issue = world.create_issue(api)
    for _ in range(60):
        world.advance(minutes=1)
        world.resolve(issue)
        world.unresolve(issue)

    activity = client.get(f"{ISSUES}{issue.id}/activities/").json()["activity"]

    assert len(activity) == 100
    assert "first_seen" not in {entry["type"] for entry in activity}
    assert activity[0]["type"] == "set_unresolved"


def test_an_event_on_a_resolved_issue_is_a_regression_and_a_late_one_is_not(
    world: SentryWorld, api: Project, client: Client
) -> None:
    issue = world.create_issue(api)
    world.advance(hours=2)
    world.resolve(issue)
    world.advance(hours=2)

    world.add_events(issue, at=world.clock - timedelta(hours=3))
    assert client.get(f"{ISSUES}{issue.id}/").json()["status"] == "resolved"
    world.add_events(issue)

    body = client.get(f"{ISSUES}{issue.id}/").json()
    assert (body["status"], body["substatus"]) == ("unresolved", "regressed")
    assert body["activity"][0]["type"] == "set_regression"


def test_projects_are_those_named_or_all_or_those_of_ones_teams(
    world: SentryWorld, api: Project, web: Project, client: Client
) -> None:
    mine, theirs = world.create_issue(api), world.create_issue(web, at=START - timedelta(hours=1))
    web.is_member = False

    assert client.all_ids() == [mine.id]
    assert client.all_ids(project=-1) == [mine.id, theirs.id]
    assert client.all_ids(project=web.id) == [theirs.id]


def test_one_project_out_of_reach_fails_the_whole_request(
    world: SentryWorld, api: Project, web: Project, client: Client
) -> None:
    world.set_access(web, False)

    assert client.get(ISSUES, project=[api.id, web.id]).status_code == 403
    assert client.get(ISSUES, project=[api.id, 1]).status_code == 403
    assert client.get(ISSUES, project=-1).status_code == 200
    assert {
        row["slug"]: row["hasAccess"] for row in client.rows("organizations/acme/projects/")
    } == {
        "api": True,
        "web": False,
    }


def test_a_renamed_project_redirects_and_renames_its_short_ids(
    world: SentryWorld, api: Project, client: Client
) -> None:
    issue = world.create_issue(api)
    world.rename_project(api, "backend")

    assert client.rows(ISSUES, group=issue.id)[0]["shortId"] == "BACKEND-1"
    assert [row["id"] for row in client.rows("projects/acme/api/issues/", query="")] == [issue.id]
    assert client.get("projects/acme/api/").json()["slug"] == "backend"


def test_a_transferred_project_takes_its_issue_ids_along(
    world: SentryWorld, api: Project, client: Client
) -> None:
    issue = world.create_issue(api)
    world.transfer_project(api, world.create_organization("globex"))

    assert client.rows(ISSUES, group=issue.id) == []
    assert client.get(f"{ISSUES}{issue.id}/").status_code == 404
    assert client.all_ids("organizations/globex/issues/", query="") == [issue.id]


def test_the_date_header_is_the_clock_of_the_world(
    world: SentryWorld, sentry: FakeSentry, client: Client
) -> None:
    with sentry.lock:
        world.advance(days=2, hours=3)

    date = client.get("organizations/").headers["Date"]

    assert parsedate_to_datetime(date) == START + timedelta(days=2, hours=3)


def test_tokens_are_checked(world: SentryWorld) -> None:
    with FakeSentry(world, "self-hosted") as sentry:
        assert "not provided" in Client(sentry, token=None).get("organizations/").json()["detail"]
        wrong = Client(sentry, token="wrong").get("organizations/")
        assert (wrong.status_code, wrong.json()) == (401, {"detail": "Invalid token"})
    with FakeSentry(world, "self-hosted", token="sntrys_x") as sentry:
        assert Client(sentry, token="sntrys_x").get("organizations/").status_code == 403


def test_an_integration_lists_no_organization_but_sees_all_projects(
    world: SentryWorld, web: Project, sentry: FakeSentry, client: Client
) -> None:
    issue = world.create_issue(web)
    web.is_member = False
    sentry.state.is_user_token = False

    assert client.rows("organizations/") == []
    assert client.all_ids() == [issue.id]


def test_unknown_things_are_404_and_a_missing_slash_redirects(client: Client) -> None:
    assert client.get("organizations/nobody/issues/").status_code == 404
    assert client.get(f"{ISSUES}99/").status_code == 404
    assert client.get("no/such/thing/").status_code == 404
    redirected = client.get("organizations/acme/projects", per_page=1)
    assert len(redirected.json()) == 1
    assert redirected.history[0].status_code == 301


def test_each_region_holds_its_own_organizations(world: SentryWorld) -> None:
    eu = world.create_organization("europe", region="de")
    issue = world.create_issue(world.create_project(eu, "eu-api"))
    with FakeSentry(world, region="de") as de, FakeSentry(world, peers=[de]) as us:
        listed = {
            row["slug"]: row["links"]["regionUrl"] for row in Client(us).rows("organizations/")
        }
        assert listed == {"acme": us.url, "europe": de.url}
        assert [row["slug"] for row in Client(de).rows("organizations/")] == ["europe"]
        assert Client(de).all_ids("organizations/europe/issues/", query="") == [issue.id]
        wrong_silo = Client(de).get(ISSUES)
        assert (wrong_silo.status_code, wrong_silo.content) == (404, b"")
        assert Client(us).get("users/me/regions/").json()["regions"] == [
            {"name": "us", "url": us.url},
            {"name": "de", "url": de.url},
        ]
        assert TOKEN not in str(us.requests)


def test_what_is_gone_cannot_change(world: SentryWorld, api: Project) -> None:
    issue = world.create_issue(api)
    world.delete_issue(issue)

    with pytest.raises(ValueError, match=f"issue {issue.id} is gone"):
        world.add_events(issue)
    with pytest.raises(ValueError, match="the clock"):
        world.set_clock(START - timedelta(seconds=1))
    assert api.accepted.total() == 1
