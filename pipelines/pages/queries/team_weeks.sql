select
    date_trunc('week', days.date_on) as week_on,
    sum(days.own_new_issues) as new_issues,
    sum(days.own_resolved_issues) as resolved_issues
from marts.product_daily as days
inner join marts.dim_products as products
    on days.product_id = products.product_id
where
    products.is_active
    and coalesce(products.owner_team, '(unowned)') = $team
    and days.date_on > cast($as_of as date) - 84
group by week_on
order by week_on
