select
    links.project_id,
    teams.team_id,
    teams.team_slug
from {{ source('sentry', 'project_teams') }} as links
inner join {{ source('sentry', 'teams') }} as teams
    on links.team_id = teams.team_id
where
    links.removed_at is null
    and teams.deleted_at is null
