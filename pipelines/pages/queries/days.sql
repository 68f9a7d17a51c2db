select
    date_on,
    event_count,
    new_issues,
    resolved_issues,
    unresolved_issues,
    late_issues
from marts.product_daily
where
    product_id = $product
    and date_on > cast($as_of as date) - $days
order by date_on desc
