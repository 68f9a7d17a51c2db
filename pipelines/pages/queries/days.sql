select
    date_on,
    event_count,
    production_event_count,
    sessions,
    crash_free_sessions,
    new_issues,
    resolved_issues,
    unresolved_issues,
    late_issues
from marts.product_daily
where
    product_id = $product
    and date_on > cast($as_of as date) - $days
order by date_on desc
