-- People cannot be added up: where a tree lies in several organizations nobody knows how many they are together.
with organizations as (

    select
        trees.product_id,
        min(projects.organization_slug) as organization_slug,
        count(distinct projects.organization_slug) as organization_count
    from {{ ref('int_counted_products') }} as trees
    inner join {{ ref('dim_projects') }} as projects
        on trees.descendant_id = projects.product_id
    where not projects.is_deleted
    group by trees.product_id

),

-- Those of the last day: an older count is of other days, or of another tree.
recent as (

    select
        counts.product_id,
        counts.organization_slug,
        counts.window_days,
        counts.user_count
    from {{ ref('stg_sentry__product_users') }} as counts
    inner join {{ ref('int_as_of') }} as clock
        on {{ hours_between('counts.observed_at', 'clock.as_of') }} < 24

)

select
    recent.product_id,
    max(case when recent.window_days = 7 then recent.user_count end) as unique_users_7d,
    max(case when recent.window_days = 30 then recent.user_count end) as unique_users_30d
from recent
inner join organizations
    on
        recent.product_id = organizations.product_id
        and recent.organization_slug = organizations.organization_slug
where organizations.organization_count = 1
group by recent.product_id
