"""Sentry's JSON made into typed rows, and what of the people in it is kept."""
