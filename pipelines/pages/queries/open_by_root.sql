select
    products.product_id,
    products.product_name,
    list(days.unresolved_issues order by days.date_on) as open_issues,
    last(days.unresolved_issues order by days.date_on) as unresolved_issues
from marts.product_daily as days
inner join marts.dim_products as products
    on days.product_id = products.product_id
where products.depth = 0 and products.is_active and days.date_on > cast($as_of as date) - 90
group by products.product_id, products.product_name
order by unresolved_issues desc nulls last, products.product_id
limit 100
