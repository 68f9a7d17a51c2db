-- The trend of a product
-- A product manager before a review: over the last 30 days, is it getting better or worse?
select
    daily.date_on,
    daily.event_count,
    daily.new_issues,
    daily.resolved_issues,
    daily.unresolved_issues,
    daily.late_issues
from marts.product_daily as daily
cross join marts.publication
where
    daily.product_id = 'payments'
    and daily.date_on > cast(publication.as_of as date) - interval 30 day
order by daily.date_on
