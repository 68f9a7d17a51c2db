select
    products.product_id,
    products.product_name,
    list(daily.unresolved_issues order by daily.date_on) as open_issues,
    last(daily.unresolved_issues order by daily.date_on) as unresolved_issues
from marts.product_daily as daily
inner join marts.dim_products as products
    on daily.product_id = products.product_id
where products.depth = 0 and products.is_active and daily.date_on > cast($as_of as date) - 90
group by products.product_id, products.product_name
order by unresolved_issues desc nulls last, products.product_id asc
limit 100
