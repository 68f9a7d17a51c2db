select * from (
    select
        'product' as kind,
        product_id as id,
        path as name,
        null as organization_slug
    from marts.dim_products
    where contains(lower(path || ' ' || product_id), lower($q))
    order by depth, path
    limit 20
)
union all
select * from (
    select
        'project',
        project_slug,
        project_slug,
        organization_slug
    from marts.dim_projects
    where not is_deleted and contains(lower(project_slug || ' ' || coalesce(project_name, '')), lower($q))
    order by project_slug
    limit 20
)
union all
select * from (
    select
        'team',
        owner_team,
        owner_team,
        null
    from marts.team_accountability
    where contains(lower(owner_team), lower($q))
    order by owner_team
    limit 20
)
union all
select * from (
    select
        'issue',
        short_id,
        title,
        project_slug
    from marts.fct_issues
    where
        status not in ('deleted', 'merged')
        and contains(lower(concat_ws(' ', short_id, title)), lower($q))
    order by last_seen_at desc
    limit 20
)
