with targets as (

    select
        product_priority,
        max(sla_target_hours) as target_hours
    from marts.dim_products
    group by product_priority

)

select
    months.*,
    targets.target_hours
from marts.sla_compliance as months
left join targets
    on months.product_priority = targets.product_priority
order by
    months.month_on desc,
    case months.product_priority
        when 'critical' then 0 when 'high' then 1 when 'medium' then 2 when 'low' then 3 else 4
    end
limit 96
