"""Many tickets at once: no day has too many, and they keep nothing else waiting."""

from __future__ import annotations

from datetime import timedelta

from pipelines.notify import outbox, store
from pipelines.notify.outbox import MOST_PER_DAY
from pipelines.notify.tickets.refresh import refresh
from tests.notify.messages import AS_OF, recipient
from tests.notify.town import Town


def test_of_a_flood_each_day_has_its_share_the_most_urgent_first(town: Town) -> None:
    flood = [town.new(str(number), product_priority="low") for number in range(50)]
    town.publish(*flood)
    assert town.deliver() == [None] * 30
    assert len(town.jira.tickets) == MOST_PER_DAY
    urgent = town.new("urgent", title="urgent", product_id="pay", product_priority="critical")
    town.publish(*flood, urgent)
    town.deliver()
    assert len(town.jira.tickets) == MOST_PER_DAY
    for made in (40, 51):
        town.clock.forward(days=1)
        town.deliver()
        assert len(town.jira.tickets) == made
    titles = [ticket.fields["summary"] for ticket in town.jira.tickets.values()]
    assert "Checkout: urgent" in titles[MOST_PER_DAY:40]


def test_many_tickets_that_wait_keep_no_mail_out(town: Town) -> None:
    town.publish(*(town.new(str(number)) for number in range(1005)))
    with store.opened(town.settings.notify_state) as db:
        digest = {"kind": "digest", "subject": "-"}
        outbox.insert(db, recipient(), "digest", "k", digest, AS_OF, town.clock.now)
        due = outbox.due(db, town.clock.now + timedelta(days=60))
    assert (due[0].channel, len(due)) == ("mail", 1001)


def test_many_tickets_are_read_in_few_requests(town: Town) -> None:
    town.jira.lag = timedelta(0)
    town.publish(*(town.new(str(number)) for number in range(60)))
    for _ in range(3):
        town.deliver()
        town.clock.forward(days=1)
    assert town.deliver() == []
    asked = len(town.jira.requests)
    assert refresh(town.settings, town.channel.server(town.settings), town.clock.now) == 60
    assert len(town.jira.requests) - asked == 2
