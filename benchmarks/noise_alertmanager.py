"""How many messages each team gets in 30 days of a published file: ours beside Alertmanager's.

    python benchmarks/noise_alertmanager.py data/demo/product_health.duckdb

Eight publications a day, each as the file was then (`past_publications`), go through our evaluation and outbox, by mail
to an SMTP server; and to two `prometheus-alertmanager` (Debian's package), which group by team and rule with their
default intervals (wait 30 s, interval 5 min, repeat 4 h), scaled so that three hours take less than a second. One is
told what holds at each publication, as Prometheus does; the other each reason when it begins, which needs a memory of
what held before. All get the same reasons: issues that are new and high, came back, are at risk or late, from the first
publication on.

Ends with 1 if a team gets more of ours, or if a reason was told later than one run after the publication that shows it.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from pydantic import SecretStr

from benchmarks.alertmanager import Alert, notified
from benchmarks.past_publications import PastPublications
from pipelines.catalog import Recipient
from pipelines.catalog.recipient_values import PRODUCT_RULES
from pipelines.notify import store
from pipelines.notify.channels.mail import Mail
from pipelines.notify.delivery import deliver
from pipelines.notify.evaluation import baseline, evaluate
from pipelines.notify.outbox import Message
from pipelines.notify.published_reasons import snapshot
from pipelines.notify.reasons import Snapshot
from pipelines.settings import Settings
from tests.notify.mail_server import MailServer

STEP = timedelta(hours=3)
RUNS = 30 * 8
RULES = tuple(rule for rule in PRODUCT_RULES if rule != "health")
Key = tuple[str, str, str]  # rule, issue, since when it is open


class Watched(Mail):
    """Mail that keeps what it has sent."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def send(self, settings: Settings, message: Message) -> None:
        """Hand the mail to the server."""
        super().send(settings, message)
        self.sent.append(message)


class Ours:
    """Our way from publications to mails. `shown`: the alerts of each publication, none in the first: the baseline."""

    def __init__(self, published: Path, folder: Path) -> None:
        self.mails: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.shown: list[set[Alert]] = []
        self._shown_in: dict[Key, int] = {}
        self._told_in: dict[Key, int] = {}
        past = PastPublications(published)
        rows = [
            Recipient(team, "mail", f"{place}@example.com", RULES, None, None, None, "UTC", 2)
            for place, team in enumerate(past.teams)
        ]
        with MailServer() as server:
            smtp_url = SecretStr(server.url)
            settings = Settings(
                data_dir=folder, notify_smtp_url=smtp_url, notify_from="sbp@example.com"
            )
            for n in range(RUNS + 1):
                at = past.last_as_of - STEP * (RUNS - n)
                with store.opened(settings.notify_state) as db:
                    publication = snapshot(past.at(at), baseline(db), "")
                    evaluate(db, publication, rows, at)
                channel = Watched()
                deliver(settings, {"mail": channel}, lambda at=at: at)
                self._note(n, publication, channel.sent)
            assert len(server.mails) == self.mails.total()

    def _note(self, run: int, publication: Snapshot, sent: list[Message]) -> None:
        reasons = [r for r in publication.reasons if r.is_counted and r.rule in RULES]
        self.shown.append({(r.rule, r.team, r.subject) for r in reasons})
        for r in reasons:
            self._shown_in.setdefault((r.rule, r.subject, r.opened_at.isoformat()), run)
        for message in sent:
            self.mails[message.team or ""] += 1
            for group in message.payload["groups"]:
                self.reasons[message.team or ""] += group["count"]
                assert len(group["items"]) == group["count"], "a flood, whose reasons are not named"
                for item in group["items"]:
                    self._told_in[message.rule, item["subject"], item["opened_at"]] = run

    def runs_waited(self) -> Counter[int]:
        """Return how many reasons were told so many runs after the publication that showed them first."""
        untold = self._shown_in.keys() - self._told_in.keys()
        assert not untold, untold
        return Counter(run - self._shown_in[key] for key, run in self._told_in.items())


def main(published: Path) -> int:
    """Print the messages of each team, and how late reasons were told."""
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(published, Path(folder))
    begun = [now - before for before, now in pairwise([set(), *ours.shown])]
    with ThreadPoolExecutor() as both:
        of_held, of_begun = both.map(notified, (ours.shown, begun))
    print(f"{'team':<16}{'reasons':>9}{'ours':>7}{'Alertmanager':>14}{'told once':>11}")
    for team in sorted(ours.reasons):
        numbers = f"{ours.mails[team]:>7}{of_held[team]:>14,}{of_begun[team]:>11}"
        print(f"{team:<16}{ours.reasons[team]:>9}{numbers}")
    totals = f"{ours.mails.total():>7}{of_held.total():>14,}{of_begun.total():>11}"
    print(f"{'all':<16}{ours.reasons.total():>9}{totals}")
    waited = ours.runs_waited()
    print(f"reasons by the runs until they were told: {dict(sorted(waited.items()))}")
    is_more = any(ours.mails[team] > min(of_held[team], of_begun[team]) for team in ours.reasons)
    return 1 if is_more or max(waited) > 1 else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
