-- What moved this week
-- A product manager on Monday: which ten issues explain what changed, and what became of them?
select
    mover_rank,
    change,
    short_id,
    title,
    own_product_id,
    events_previous_7d,
    events_7d,
    round(100 * share_of_change, 1) as percent_of_change,
    status,
    first_seen_at,
    permalink
from marts.product_movers
where product_id = 'payments'
order by mover_rank
limit 10
