"""Who is told of what: alerts, digests and failures, each once, whatever happens in between.

- `reasons.py`, `published_reasons.py`: what there is to tell, as the published file holds it
- `evaluation.py`: which of it is new: the episodes
- `routing.py`: who is told of it, in which message, and when
- `store.py`, `outbox.py`, `when.py`: the messages in `notify.sqlite`, from pending to sent, and when each is due
- `delivery.py`, `channels/`: how they leave, and what became of it
- `tickets/`: what the channel `jira` does, and what becomes of tickets
- `content.py`, `templates/`: how they read
- `digest.py`: the summaries; `failures.py`: runs and organizations that failed; `history.py`: what would have been sent
"""
