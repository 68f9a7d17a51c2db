with counted as (

    select
        product_id,
        organization_slug,
        introduced_in_release as version,
        1 as new_issues,
        case when regressed_in_release = introduced_in_release then 1 else 0 end as regressed_issues,
        case when status = 'unresolved' then 1 else 0 end as unresolved_issues,
        cast(null as bigint) as sentry_new_issues
    from {{ ref('fct_issues') }}
    where
        introduced_in_release is not null
        and product_id is not null
        and not {{ is_removed('status') }}

    union all

    select
        product_id,
        organization_slug,
        regressed_in_release as version,
        0 as new_issues,
        1 as regressed_issues,
        case when status = 'unresolved' then 1 else 0 end as unresolved_issues,
        null as sentry_new_issues
    from {{ ref('fct_issues') }}
    where
        regressed_in_release is not null
        and regressed_in_release is distinct from introduced_in_release
        and product_id is not null
        and not {{ is_removed('status') }}

    union all

    select
        projects.product_id,
        releases.organization_slug,
        releases.version,
        0 as new_issues,
        0 as regressed_issues,
        0 as unresolved_issues,
        releases.new_issues as sentry_new_issues
    from {{ ref('dim_releases') }} as releases
    inner join {{ ref('dim_projects') }} as projects
        on releases.project_id = projects.project_id
    where
        projects.product_id is not null
        and not projects.is_deleted

),

own as (

    select
        product_id,
        organization_slug,
        version,
        sum(new_issues) as new_issues,
        sum(regressed_issues) as regressed_issues,
        sum(unresolved_issues) as unresolved_issues,
        sum(sentry_new_issues) as sentry_new_issues
    from counted
    group by product_id, organization_slug, version

),

rolled_up as (

    select
        closure.ancestor_id as product_id,
        own.organization_slug,
        own.version,
        sum(own.new_issues) as new_issues,
        sum(own.regressed_issues) as regressed_issues,
        sum(own.unresolved_issues) as unresolved_issues,
        sum(own.sentry_new_issues) as sentry_new_issues
    from {{ ref('product_closure') }} as closure
    inner join own
        on closure.descendant_id = own.product_id
    where closure.is_counted
    group by closure.ancestor_id, own.organization_slug, own.version

),

releases as (

    select
        organization_slug,
        version,
        min(created_at) as created_at,
        min(released_at) as released_at
    from {{ ref('dim_releases') }}
    group by organization_slug, version

)

select
    rolled_up.product_id,
    rolled_up.organization_slug,
    rolled_up.version,
    {{ release_package('rolled_up.version') }} as package,
    {{ release_version_name('rolled_up.version') }} as version_name,
    releases.created_at,
    releases.released_at,
    -- Where Sentry counts new issues and none is held, their releases are not known, or they are gone.
    cast(
        case when rolled_up.new_issues > 0 or rolled_up.sentry_new_issues = 0 then rolled_up.new_issues end as bigint
    ) as new_issues,
    cast(rolled_up.sentry_new_issues as bigint) as sentry_new_issues,
    cast(rolled_up.regressed_issues as bigint) as regressed_issues,
    cast(rolled_up.unresolved_issues as bigint) as unresolved_issues
from rolled_up
left join releases
    on
        rolled_up.organization_slug = releases.organization_slug
        and rolled_up.version = releases.version
