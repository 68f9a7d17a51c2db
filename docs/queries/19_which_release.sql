-- Which release brought it
-- A product manager after a bad week: which releases brought the most new issues, and how many of them are still open?
select
    package,
    version_name,
    coalesce(released_at, created_at) as released_at,
    new_issues,
    sentry_new_issues,
    regressed_issues,
    unresolved_issues
from marts.product_releases
where product_id = 'payments'
order by new_issues desc nulls last, released_at desc
limit 10
