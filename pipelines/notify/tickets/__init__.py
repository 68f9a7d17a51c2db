"""Tickets in Jira: one per issue and stretch of being open, whatever happens in between.

- `jira_server.py`: Jira, by its own library; what goes wrong in words
- `ticket.py`: the tickets in `notify.sqlite`, with what is known of each
- `writing.py`: a message of the outbox carried out: a ticket created, reopened, commented
- `changes.py`: issues with a ticket that were resolved or came back
- `refresh.py`: the states of tickets, read back for `fct_tickets`
- `text.py`: what stands in a ticket, as Jira's markup
"""
