select *
from kept.movers
where product_id = $product
order by mover_rank
