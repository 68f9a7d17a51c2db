{{ config(meta={'dagster': {'ref': {'name': 'product_releases'}}}) }}

-- A product's releases have brought each live issue of its tree that names one, and no other.
with issues as (

    select
        product_id,
        count(introduced_in_release) as new_issues,
        count(regressed_in_release) as regressed_issues
    from {{ ref('product_issues') }}
    group by product_id

),

releases as (

    select
        product_id,
        coalesce(sum(new_issues), 0) as new_issues,
        sum(regressed_issues) as regressed_issues
    from {{ ref('product_releases') }}
    group by product_id

)

select coalesce(issues.product_id, releases.product_id) as product_id
from issues
full outer join releases
    on issues.product_id = releases.product_id
where
    coalesce(issues.new_issues, 0) <> coalesce(releases.new_issues, 0)
    or coalesce(issues.regressed_issues, 0) <> coalesce(releases.regressed_issues, 0)
