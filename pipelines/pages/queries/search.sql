(
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
(
    select
        'project' as kind,
        project_slug as id,
        project_slug as name,
        organization_slug
    from marts.dim_projects
    where not is_deleted and contains(lower(project_slug || ' ' || coalesce(project_name, '')), lower($q))
    order by project_slug
    limit 20
)
union all
(
    select
        'team' as kind,
        owner_team as id,
        owner_team as name,
        null as organization_slug
    from marts.team_accountability
    where contains(lower(owner_team), lower($q))
    order by owner_team
    limit 20
)
union all
(
    select
        'issue' as kind,
        short_id as id,
        title as name,
        project_slug as organization_slug
    from marts.fct_issues
    where
        status not in ('deleted', 'merged')
        and contains(lower(concat_ws(' ', short_id, title)), lower($q))
    order by last_seen_at desc
    limit 20
)
