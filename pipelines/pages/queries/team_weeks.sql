select
    date_trunc('week', daily.date_on) as week_on,
    sum(daily.own_new_issues) as new_issues,
    sum(daily.own_resolved_issues) as resolved_issues
from marts.product_daily as daily
inner join marts.dim_products as products
    on daily.product_id = products.product_id
where
    products.is_active
    and coalesce(products.owner_team, '(unowned)') = $team
    and daily.date_on > cast($as_of as date) - 84
group by week_on
order by week_on
