with team_products as (

    select
        teams.team_id,
        projects.product_id,
        projects.product_name,
        count(*) as projects
    from {{ ref('stg_sentry__project_teams') }} as teams
    inner join {{ ref('int_guessable_projects') }} as projects
        on teams.project_id = projects.project_id
    where projects.product_id is not null
    group by teams.team_id, projects.product_id, projects.product_name

),

-- Without the project itself.
team_siblings as (

    select
        projects.project_id,
        teams.team_id,
        teams.team_slug,
        counted.product_id,
        counted.product_name,
        counted.projects - case when counted.product_id = projects.product_id then 1 else 0 end as siblings
    from {{ ref('int_guessable_projects') }} as projects
    inner join {{ ref('stg_sentry__project_teams') }} as teams
        on projects.project_id = teams.project_id
    inner join team_products as counted
        on teams.team_id = counted.team_id

),

team_votes as (

    select
        *,
        sum(siblings) over (partition by project_id, team_id) as all_siblings
    from team_siblings

)

select
    project_id,
    product_id,
    'team' as kind,
    3 as preference,
    siblings as strength,
    'of the other projects of Sentry team ' || team_slug || ', ' || cast(siblings as string)
    || ' of ' || cast(all_siblings as string) || ' belong to ' || product_name as reason
from team_votes
where
    siblings >= 3
    and siblings * 5 >= all_siblings * 4
