with syncs as (

    select
        organization_slug,
        status,
        failure,
        max(case when status = 'complete' then started_at end) over (partition by organization_slug) as synced_at,
        row_number() over (partition by organization_slug order by started_at desc, run_id desc) as syncs_ago
    from {{ ref('stg_sentry__organization_syncs') }}

),

projects as (

    select
        projects.organization_slug,
        projects.project_slug,
        projects.has_access,
        -- Who makes a product inactive has decided that its numbers do not matter any more.
        projects.access_lost_at is not null and coalesce(products.is_active, true) as is_lost
    from {{ ref('dim_projects') }} as projects
    left join {{ ref('dim_products') }} as products
        on projects.product_id = products.product_id
    where not projects.is_deleted

),

access as (

    select
        organization_slug,
        count(*) as projects,
        count(case when has_access then 1 end) as readable_projects,
        count(case when is_lost then 1 end) as lost_projects,
        {{ dbt.listagg('case when is_lost then project_slug end', "', '", 'order by project_slug') }}
            as lost_project_slugs
    from projects
    group by organization_slug

)

select
    syncs.organization_slug,
    syncs.synced_at,
    {{ hours_between('syncs.synced_at', 'clock.as_of') }} as hours_behind,
    syncs.status,
    case when syncs.status = 'failed' then syncs.failure end as failure,
    cast(access.projects as integer) as projects,
    cast(access.readable_projects as integer) as readable_projects,
    cast(access.lost_projects as integer) as lost_projects,
    access.lost_project_slugs
from syncs
cross join {{ ref('int_as_of') }} as clock
left join access
    on syncs.organization_slug = access.organization_slug
where syncs.syncs_ago = 1
