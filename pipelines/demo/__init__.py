"""A fake Sentry: a world that can be played with, and a server that speaks Sentry's API about it."""
