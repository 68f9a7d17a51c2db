select * from marts.sla_compliance
order by month_on desc, case product_priority when 'critical' then 0 when 'high' then 1 when 'medium' then 2 else 3 end
limit 96
