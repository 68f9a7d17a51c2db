select
    short_id,
    title,
    resolved_at,
    hours_to_resolution,
    sla_target_hours
from marts.product_issues
where
    product_id = $product
    and hours_to_resolution is not null
    and resolved_at > $as_of - interval 90 day
order by resolved_at desc
limit 500
