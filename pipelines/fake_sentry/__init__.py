"""A Sentry that runs on this machine: its worlds, flavours and faults, for the demo and the tests."""
