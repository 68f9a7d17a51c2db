"""Jira by its own library, REST v2: Cloud with JIRA_USER and JIRA_TOKEN, Data Center with JIRA_TOKEN alone.

The library repeats nothing by itself: a request that is repeated could create a second ticket.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from pipelines.notify.content import one_line
from pipelines.settings import Settings, SettingsError

TIMEOUT = (10.0, 20.0)  # seconds to connect, and to answer
BATCH = 50  # labels in one search
CATEGORIES = {"new": "to_do", "indeterminate": "in_progress", "done": "done"}


class JiraProblemError(Exception):
    """Jira cannot be used, or refuses something; the message says why and holds no secret.

    `is_certain`: nothing has changed there. `status`: Jira's, None where it did not answer. `wait`: the seconds for
    which it does not want to be asked. `is_of_one`: another ticket in the same project may do better.
    """

    def __init__(
        self,
        words: str,
        *,
        is_certain: bool = True,
        status: int | None = None,
        wait: float | None = None,
    ) -> None:
        super().__init__(words)
        self.is_certain, self.status, self.wait = is_certain, status, wait
        self.is_of_one = status in (400, 404, 409)


@dataclass(frozen=True)
class State:
    """A ticket as Jira shows it. `category`: to_do, in_progress or done; `resolved_at`: naive UTC."""

    key: str
    status: str
    category: str
    resolved_at: datetime | None


class JiraServer:
    """One server with one login. Each method raises JiraProblemError."""

    def __init__(self, url: str, user: str, token: str) -> None:
        # A third of a second, for those alone who have tickets.
        from jira import JIRA

        self.url = url
        self._who = "JIRA_USER and JIRA_TOKEN" if user else "JIRA_TOKEN"
        self._secrets = (token, base64.b64encode(f"{user}:{token}".encode()).decode())
        login: dict[str, Any] = {"basic_auth": (user, token)} if user else {"token_auth": token}
        with self._explained("say what it is"):
            # No connection is kept: over one that the other side has closed nobody knows what arrived.
            self._client = JIRA(
                url,
                options={"headers": {"Connection": "close"}},
                max_retries=0,
                timeout=TIMEOUT,
                logging=False,
                **login,
            )

    def url_of(self, key: str) -> str:
        """Return the page of a ticket."""
        return f"{self.url}/browse/{key}"

    def find(self, label: str) -> str | None:
        """Return the key of the first ticket with this label, None if the search knows none: Cloud's lags behind."""
        with self._explained("search"):
            query = f'labels = "{label}" ORDER BY created ASC'
            found = self._client.search_issues(
                query, maxResults=1, fields=["status"], json_result=True
            )
            issues = found["issues"]
            return str(issues[0]["key"]) if issues else None

    def create(self, project: str, issue_type: str, label: str, summary: str, text: str) -> str:
        """Create a ticket and return its key."""
        fields = {
            "project": {"key": project},
            "issuetype": {"name": issue_type},
            "summary": summary,
            "description": text,
            "labels": [label],
        }
        try:
            with self._explained(f"create a ticket of type {issue_type} in project {project}"):
                return str(self._client.create_issue(fields=fields, prefetch=False).key)
        except JiraProblemError as problem:
            problem.is_of_one = False
            if problem.status == 400:
                problem.args = (f"{problem} {self._hint(project, str(problem))}",)
            raise

    def state(self, key: str) -> State | None:
        """Return the state of a ticket, also of one that was moved; None if it is no more."""
        try:
            with self._explained(f"read {key}"):
                return _state(self._client.issue(key, fields="status,resolutiondate").raw)
        except JiraProblemError as problem:
            if problem.status == 404:
                return None
            raise

    def states(self, labels: Iterable[str]) -> dict[str, State]:
        """Return the states of up to BATCH tickets by key, of those that the search knows."""
        with self._explained("search"):
            query = f"labels in ({', '.join(labels)}) ORDER BY created ASC"
            found = self._client.search_issues(
                query, maxResults=2 * BATCH, fields=["status", "resolutiondate"], json_result=True
            )
            issues = found["issues"]
            return {str(issue["key"]): _state(issue) for issue in issues}

    def comment_once(self, key: str, sentence: str, text: str) -> None:
        """Comment on a ticket unless a comment says this sentence already, however Jira has rewritten it."""
        with self._explained(f"comment on {key}"):
            said = self._client.issue(key, fields="comment").raw["fields"]["comment"]["comments"]
            if not any(_letters(sentence) in _letters(each["body"]) for each in said):
                self._client.add_comment(key, text)

    def reopen(self, key: str) -> bool:
        """Take a ticket back to what is to be done; returns whether its workflow has a way there."""
        try:
            with self._explained(f"reopen {key}"):
                for transition in self._client.transitions(key):
                    if transition["to"]["statusCategory"]["key"] == "new":
                        self._client.transition_issue(key, transition["id"])
                        return True
        except JiraProblemError as problem:
            # The way there asks for what we do not have, or is not open to us.
            if problem.status not in (400, 403, 404, 409):
                raise
        return False

    def link(self, key: str, earlier: str) -> None:
        """Link two tickets, unless they are or Jira has no such links."""
        try:
            with self._explained(f"link {key} to {earlier}"):
                links = self._client.issue(key, fields="issuelinks").raw["fields"]["issuelinks"]
                linked = [each.get("inwardIssue") or each.get("outwardIssue") for each in links]
                if not any(other and other["key"] == earlier for other in linked):
                    self._client.create_issue_link("Relates", key, earlier)
        except JiraProblemError as problem:
            # The text names the earlier ticket, too.
            if problem.status not in (400, 403, 404):
                raise

    def _hint(self, project: str, problem: str) -> str:
        """Return what to do where a ticket is refused."""
        if "project:" in problem:
            return (
                "recipients.csv names the project by its key; the user of JIRA_TOKEN has to see it."
            )
        if "issuetype:" in problem:
            return (
                f"recipients.csv may name a type: {project}/TYPE. {self._types(project)}".rstrip()
            )
        return (
            f"Make these fields optional in {project}, or name another type in recipients.csv: "
            f"{project}/TYPE."
        )

    def _types(self, project: str) -> str:
        try:
            with self._explained("read the types of tickets"):
                types = self._client.project(project).raw["issueTypes"]
                names = [each["name"] for each in types if not each.get("subtask")]
                return f"It has {', '.join(map(one_line, names))}."
        except JiraProblemError:
            return ""

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """Turn what goes wrong into words."""
        from jira.exceptions import JIRAError

        where = f"Jira at {urlsplit(self.url).hostname}"
        try:
            yield
        except JIRAError as error:
            raise self._refusal(where, what, error) from None
        # First, since what cannot be parsed is both for requests.
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            raise JiraProblemError(
                f"What answers at JIRA_URL is no Jira, or a page before it, asked to {what}.",
                is_certain=False,
            ) from None
        except requests.RequestException as error:
            is_certain = _is_certain(error)
            words = "cannot be reached" if is_certain else "did not answer"
            raise JiraProblemError(
                f"{where} {words} ({type(error).__name__}).", is_certain=is_certain
            ) from None

    def _refusal(self, where: str, what: str, error: Any) -> JiraProblemError:
        status = error.status_code or 0
        said = one_line(_words_of(error))
        for secret in self._secrets:
            said = said.replace(secret, "[token]") if secret else said
        answer = f"HTTP {status}{': ' + said if said else ''}".rstrip(".")
        if status == 401:
            words = f"{where} refuses {self._who} ({answer})."
        elif status == 403:
            words = f"{where} does not let the user of JIRA_TOKEN {what} ({answer})."
        elif status == 404:
            words = f"{where} cannot {what} ({answer}): JIRA_TOKEN's user does not see it, or JIRA_URL leads elsewhere."
        elif status == 429:
            words = f"{where} asks to wait (HTTP 429)."
        elif 400 <= status < 500:
            words = f"{where} refuses to {what} ({answer})."
        else:
            words = f"{where} is out of order ({answer})."
        is_certain = 300 <= status < 500 and status != 408
        return JiraProblemError(words, is_certain=is_certain, status=status, wait=_wait(error))


def configured(settings: Settings) -> tuple[str, str, str]:
    """Return address, user and token; JiraProblemError if one is missing or the address cannot be used."""
    token = settings.jira_token.get_secret_value().strip()
    try:
        url = settings.jira_address
    except SettingsError as error:
        raise JiraProblemError(str(error)) from None
    if not url or not token:
        missing = "JIRA_TOKEN" if url else "JIRA_URL"
        raise JiraProblemError(f"{missing} is not set: no ticket can be created.")
    return url, settings.jira_user.strip(), token


def _state(issue: dict[str, Any]) -> State:
    fields = issue["fields"]
    status, at = fields["status"], fields.get("resolutiondate")
    resolved_at = datetime.fromisoformat(at).astimezone(UTC) if at else None
    return State(
        key=str(issue["key"]),
        status=one_line(status["name"]),
        category=CATEGORIES.get(status["statusCategory"]["key"], "to_do"),
        resolved_at=resolved_at and resolved_at.replace(tzinfo=None, microsecond=0),
    )


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _is_certain(error: requests.RequestException) -> bool:
    """Return whether the request has not left: no connection came about."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    never = (ConnectTimeoutError, NewConnectionError)
    kinds = (requests.exceptions.SSLError, requests.exceptions.ProxyError, requests.ConnectTimeout)
    return isinstance(error, kinds) or isinstance(reason, never)


def _words_of(error: Any) -> str:
    """Return what Jira says, with the names of the fields that it is about."""
    try:
        errors: dict[str, Any] = error.response.json()["errors"]
        words = [f"{name}: {text}" for name, text in errors.items()]
    except (AttributeError, KeyError, TypeError, ValueError):
        words = []
    text = "; ".join(words) or str(error.text or "")
    return "" if text.lstrip().startswith("<") else text


def _wait(error: Any) -> float | None:
    headers = getattr(error.response, "headers", None) or {}
    text = headers.get("Retry-After", "")
    return float(text) if error.status_code in (429, 503) and text.isdecimal() else None
