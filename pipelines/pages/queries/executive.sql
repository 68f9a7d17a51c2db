select * from marts.executive_summary
order by case product_id when '(all)' then 0 when '(unassigned)' then 2 else 1 end, product_name
