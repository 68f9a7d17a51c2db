"""The server as `make doctor` sees it: is it there, what is it, and what does it show to this token."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pipelines.catalog.finding import counted
from pipelines.commands.diagnosis import Diagnosis, ok, problem, some_of, warning
from pipelines.commands.published_projects import once_readable
from pipelines.publish import PublishError
from pipelines.sentry.dialect import Dialect
from pipelines.sentry.errors import (
    EndpointMissingError,
    ForbiddenError,
    SentryError,
    TokenRefusedError,
)
from pipelines.sentry.http.client import SentryApi
from pipelines.sentry.http.session import RetryPolicy, SentrySession
from pipelines.sentry.organization import Organization
from pipelines.sentry.organization_sync import GIVE_ACCESS
from pipelines.sentry.read.detection import detect, glitchtip_version
from pipelines.sentry.read.directory import read_directory
from pipelines.sentry.state.stored import open_stored_state
from pipelines.settings import Settings, SettingsError

# One look: what fails now is said now.
ONCE = RetryPolicy(attempts=1, rate_limit_attempts=2, first_pause=0.1, brownout_pause=0.0)
CLOCKS_MAY_DIFFER = timedelta(minutes=2)
SAAS = "sentry.io"
NOT_A_SENTRY = "It is to be the address of the server itself, such as https://sentry.io."


def diagnose_server(settings: Settings) -> Iterator[Diagnosis]:
    """Yield what a few requests tell: some for the server, about four per organization."""
    try:
        session = SentrySession(settings.token, settings.sentry_concurrency, ONCE)
        api = SentryApi(settings.server_url, session)
    except (SettingsError, SentryError) as error:
        yield problem("server", f"Not asked: {error}")
        return
    found, is_sentry = _reached(api)
    yield found
    if not is_sentry:
        return
    yield _clock(session)
    try:
        with open_stored_state(None) as nothing:
            organizations = read_directory(api, settings.organizations, nothing).organizations
    except TokenRefusedError as error:
        yield problem("SENTRY_AUTH_TOKEN", str(error))
    except ForbiddenError as error:
        yield problem("scope org:read", str(error))
    except SentryError as error:
        yield problem("organizations", str(error))
    else:
        yield from _scopes(_first_that_works(organizations))
        before = _once_readable(settings.published)
        for organization in organizations:
            yield _organization(organization, before)


def _reached(api: SentryApi) -> tuple[Diagnosis, bool]:
    """Return how the server answers, and whether as a Sentry does."""
    where = api.base_url
    try:
        root = api.get("")
    except TokenRefusedError as error:
        return problem("SENTRY_AUTH_TOKEN", str(error)), False
    except EndpointMissingError:
        text = f"{where} answers with a web page where Sentry's API would be."
        return problem("server", text, f"Check SENTRY_URL. {NOT_A_SENTRY}"), False
    except SentryError as error:
        advice = (
            "Something answers there but is not well: try again, or ask who runs it."
            if api.session.server_time
            else "Check SENTRY_URL, and that this machine may reach that address."
        )
        return problem("server", str(error), advice), False
    if not isinstance(root, dict) or "version" not in root:
        text = f"{where} answers, but not as a Sentry does."
        return problem("server", text, f"Check SENTRY_URL. {NOT_A_SENTRY}"), False
    return ok("server", f"{where} answers: {_kind(api)}"), True


def _kind(api: SentryApi) -> str:
    host = urlsplit(api.base_url).hostname or ""
    if host == SAAS or host.endswith(f".{SAAS}"):
        return "Sentry SaaS"
    if version := _sentry_version(api):
        return f"self-hosted Sentry {version}"
    if version := glitchtip_version(api):
        return f"GlitchTip {version}"
    return "self-hosted Sentry; it does not say which version"


def _sentry_version(api: SentryApi) -> str | None:
    try:
        body = api.get(f"{api.base_url}/api/client-config/")
    except SentryError:
        return None
    version = body.get("version") if isinstance(body, dict) else None
    return version.get("current") if isinstance(version, dict) else None


def _clock(session: SentrySession) -> Diagnosis:
    if session.server_time is None:
        return ok("clock", "the server does not tell the time; a sync takes this machine's")
    ahead = datetime.now(UTC) - session.server_time
    difference = timedelta(seconds=round(abs(ahead).total_seconds()))
    text = f"this machine is {difference} {'ahead' if ahead > timedelta() else 'behind'}"
    if abs(ahead) <= CLOCKS_MAY_DIFFER:
        return ok("clock", text)
    return warning(
        "clock", f"{text} of the server", "A sync goes by the server's clock; set the wrong one."
    )


def _first_that_works(organizations: list[Organization]) -> Organization:
    """Return the organization to ask with; all have the same token."""
    return next((org for org in organizations if not org.failure), organizations[0])


_WITHOUT_WHICH_SYNCS_WORK = ("team:read", "project:releases")


def _scopes(organization: Organization) -> Iterator[Diagnosis]:
    """Yield for each scope whether the token has it: found by asking, since few servers list them."""
    slug, one = organization.slug, {"per_page": 1, "limit": 1, "detailed": 0}
    home = f"organizations/{slug}"
    project = next(iter(organization.readable().values()), None)
    # Sentry shows releases to project:read, too.
    of_releases = (
        {"project:releases": f"{home}/releases/"} if glitchtip_version(organization.api) else {}
    )
    for scope, path in {
        "org:read": f"{home}/",
        "project:read": f"projects/{slug}/{project}/" if project else f"{home}/projects/",
        "team:read": f"{home}/teams/",
        "event:read": f"{home}/issues/",
        **of_releases,
    }.items():
        subject = f"scope {scope}"
        try:
            if scope == "event:read":
                _dialect(organization)
            else:
                organization.api.get(path, one)
        except ForbiddenError:
            say = warning if scope in _WITHOUT_WHICH_SYNCS_WORK else problem
            text = f"missing: {slug} answers 403 at {path}"
            yield say(
                subject, text, f"Make a token that has {scope}, or give it to the integration."
            )
        except SentryError as error:
            yield warning(subject, f"not known: {error}")
        else:
            yield ok(subject, f"{slug} answers at {path}")


def _once_readable(published: Path) -> set[str]:
    try:
        return once_readable(published) if published.exists() else set()
    except PublishError:
        return set()  # what is wrong with it is not for these lines


def _organization(organization: Organization, before: set[str]) -> Diagnosis:
    subject = f"organization {organization.slug}"
    if organization.failure:
        return problem(subject, str(organization.failure))
    known, readable = len(organization.projects), len(organization.readable())
    teams = counted(len(organization.teams), "team") if organization.has_teams else "teams unknown"
    text = f"{counted(known, 'project')}, {readable:,} readable; {teams}"
    try:
        dialect = _dialect(organization)
    except ForbiddenError:
        return problem(subject, f"{text}; its issues are not for this token")
    except SentryError as error:
        return problem(subject, f"{text}; its issues cannot be listed: {error}")
    text = f"{text}; issues are listed {_way(dialect)}"
    if not known:
        return warning(subject, text, "Without projects there is nothing to sync.")
    if readable < known:
        lost = sorted(
            row["project_slug"]
            for project_id, row in organization.projects.items()
            if project_id in before and not row["has_access"]
        )
        return warning(
            subject,
            f"{text}; no longer readable: {some_of(lost)}" if lost else text,
            (
                "Issues of these count as they were, until a product with is_active false has them. "
                if lost
                else ""
            )
            + f"Issues of the others stay unknown. {GIVE_ACCESS}",
        )
    return ok(subject, text)


def _dialect(organization: Organization) -> Dialect:
    now = organization.api.now()
    slugs = list(organization.readable().values())
    return detect(organization.api, organization.slug, slugs, now - timedelta(days=1), now)


def _way(dialect: Dialect) -> str:
    if dialect.listing == "glitchtip":
        return "as GlitchTip does it"
    if dialect.listing == "project":
        return "project by project, as old Sentry does it"
    return "for all projects at once" if dialect.many_projects else "project by project"
