select
    organization_slug,
    version,
    package,
    version_name,
    coalesce(released_at, created_at) as released_at,
    new_issues,
    sentry_new_issues,
    regressed_issues,
    unresolved_issues
from marts.product_releases
where product_id = $product
order by coalesce(released_at, created_at) desc nulls last, version
limit 10
