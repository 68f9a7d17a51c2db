-- Stability by month
-- A director: do fewer sessions end in a crash than some months ago?
select
    products.product_name,
    months.month_on,
    months.sessions,
    round(100 * months.crash_free_sessions, 2) as crash_free_percent
from marts.product_monthly as months
inner join marts.dim_products as products
    on months.product_id = products.product_id
where
    products.parent_product_id is null
    and months.sessions > 0
order by products.tree_order asc, months.month_on desc
