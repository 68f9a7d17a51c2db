select distinct coalesce(owner_team, '(unowned)') as owner_team
from marts.dim_products
order by owner_team
