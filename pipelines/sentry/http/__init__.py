"""How Sentry is asked: one session with its limits and retries, cursor pages, replies classified."""
