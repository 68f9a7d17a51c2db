select
    version_name,
    package,
    released_at,
    new_issues
from marts.product_releases
where
    product_id = $product
    and released_at > cast($as_of as date) - $days
    and released_at <= $as_of
order by new_issues desc nulls last, released_at desc, package asc, version_name asc
limit 20
