select
    product_id,
    list(event_count order by date_on) as events
from marts.product_daily
where
    date_on > cast($as_of as date) - 30
    and list_contains($products, product_id)
group by product_id
