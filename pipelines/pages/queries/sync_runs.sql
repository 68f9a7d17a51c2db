select
    *,
    date_diff('second', started_at, finished_at) / 3600.0 as hours_taken
from marts.sync_runs
where ($status is null or status = $status)
