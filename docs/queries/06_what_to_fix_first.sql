-- What my team should fix first
-- A team on Monday: the ten most important open issues, and what makes each of them so.
select
    triage_rank,
    score,
    short_id,
    title,
    product_name,
    product_points,
    severity_points,
    user_points,
    event_points,
    sla_points,
    regression_points,
    sla_time_used,
    assignee,
    permalink
from marts.triage_queue
where owner_team = 'checkout'
order by triage_rank
limit 10
