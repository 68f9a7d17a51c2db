#!/bin/sh
# One sync for cron: silent when all went well, so that cron mails only what somebody has to look at.
# The exit code is that of the sync: 0 complete, 3 an organization failed, 1 the run failed.
cd "$(dirname "$0")/.." || exit 1
# A sync that takes longer than the interval lets the next one pass.
output=$(flock --nonblock --conflict-exit-code 0 "$0" .venv/bin/python -m pipelines sync 2>&1)
code=$?
[ "$code" -eq 0 ] || printf 'The sync ended with code %s.\n%s\n' "$code" "$output"
exit "$code"
