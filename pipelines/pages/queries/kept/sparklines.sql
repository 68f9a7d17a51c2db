select
    days.product_id,
    list(days.event_count order by days.date_on) as events
from marts.product_daily as days
cross join marts.publication
where days.date_on > cast(publication.as_of as date) - 30
group by days.product_id
