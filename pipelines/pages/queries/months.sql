select
    months.month_on,
    sum(months.event_count) as event_count,
    sum(months.new_issues) as new_issues,
    sum(months.resolved_issues) as resolved_issues,
    sum(months.unresolved_issues) as unresolved_issues
from marts.product_monthly as months
inner join marts.dim_products as products
    on months.product_id = products.product_id
where products.depth = 0 and products.is_active
group by months.month_on
order by months.month_on desc
limit 12
