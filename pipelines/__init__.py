"""Sentry's errors per project, turned into health per product."""
