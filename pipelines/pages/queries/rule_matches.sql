with scope as (

    -- As where the issues are routed: a slug that a project had before counts, too.
    select project_id
    from marts.dim_projects
    where
        ($organization is null or lower(organization_slug) = $organization)
        and (
            lower(project_slug) like $project escape '!'
            or exists (
                select 1 from unnest(former_slugs) as former (slug)
                where lower(former.slug) like $project escape '!'
            )
        )

)

select
    count(*) as issues,
    count(*) filter (where status = 'unresolved') as unresolved_issues,
    sum(events_7d) as events_7d
from marts.fct_issues
where
    status not in ('deleted', 'merged')
    and project_id in (select scope.project_id from scope)
    and case
        when $field = 'owner'
            then exists (
                select 1 from unnest(owners) as owners_of (team_or_user)
                where lower(owners_of.team_or_user) like $pattern escape '!'
            )
        else lower(
            case $field
                when 'title' then title
                when 'culprit' then culprit
                when 'filename' then filename
                when 'function' then function_name
                when 'type' then error_type
                when 'logger' then logger
                when 'platform' then platform
                when 'category' then issue_category
                when 'assignee' then assignee
            end
        ) like $pattern escape '!'
    end
