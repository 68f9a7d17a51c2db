-- The sync log
-- Whoever runs this: did the last syncs succeed, how long did they take, and what did they cost Sentry?
select
    started_at,
    finished_at,
    mode,
    status,
    failures,
    requests,
    retries,
    seconds_rate_limited,
    issues_upserted,
    issues_total
from marts.sync_runs
order by started_at desc
limit 20
