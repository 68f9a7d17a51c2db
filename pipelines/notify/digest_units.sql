-- Which product's section of a digest tells of an active product: its own if it is $team's, for all teams the topmost
-- one above it. $enough: the priorities of these products, if there is a $least one.
create or replace temp table digest_units as
select
    closure.descendant_id as product_id,
    max_by(closure.ancestor_id, closure.distance) as unit_id
from marts.product_closure as closure
inner join marts.dim_products as products
    on closure.descendant_id = products.product_id
inner join marts.dim_products as units
    on closure.ancestor_id = units.product_id
where
    products.is_active
    and ($least is null or units.product_priority in $enough)
    and (
        $team is null
        or (closure.distance = 0 and lower(coalesce(units.owner_team, '(unowned)')) = lower($team))
    )
group by closure.descendant_id
