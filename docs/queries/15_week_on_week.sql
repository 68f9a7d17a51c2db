-- Week on week
-- A product manager on Monday: what grew since last week, in days that are over?
select
    product_name,
    events_growth_7d,
    events_7d,
    events_previous_7d,
    new_issues_7d,
    new_issues_previous_7d,
    resolved_issues_7d,
    resolved_issues_previous_7d
from marts.product_overview
where is_active
order by events_growth_7d desc nulls last
