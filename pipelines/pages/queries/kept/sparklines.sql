select
    daily.product_id,
    list(daily.event_count order by daily.date_on) as events
from marts.product_daily as daily
cross join marts.publication
where daily.date_on > cast(publication.as_of as date) - 30
group by daily.product_id
