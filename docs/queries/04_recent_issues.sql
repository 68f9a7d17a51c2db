-- Recent issues of a product
-- A developer on call: what has just happened, anywhere in this product?
select
    last_seen_at,
    short_id,
    title,
    level,
    status,
    project_slug,
    event_count,
    user_count,
    permalink
from marts.product_issues
where product_id = 'payments'
order by last_seen_at desc
limit 20
