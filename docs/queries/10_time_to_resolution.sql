-- Time to resolution
-- A product manager who plans: how long does a fix take, typically and at worst, and from how many fixes do we know?
select
    path,
    product_priority,
    sla_target_hours,
    timed_resolutions_30d,
    median_hours_to_resolution_30d,
    p90_hours_to_resolution_30d
from marts.product_overview
where timed_resolutions_30d > 0
order by median_hours_to_resolution_30d desc
