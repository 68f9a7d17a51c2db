select
    product_id,
    events
from kept.sparklines
where product_id in (select unnest($products))
