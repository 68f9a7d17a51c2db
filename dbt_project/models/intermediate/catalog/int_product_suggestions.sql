with votes as (

    select * from {{ ref('int_votes_by_word') }}

    union all

    select * from {{ ref('int_votes_by_name') }}

    union all

    select * from {{ ref('int_votes_by_team') }}

),

-- What speaks for a product is asked of projects that have one, too: that shows what it is worth.
tried as (

    select
        projects.organization_slug,
        projects.project_id,
        votes.kind,
        min(case when votes.product_id = projects.product_id then 1 else 0 end) as is_right
    from votes
    inner join {{ ref('int_guessable_projects') }} as projects
        on votes.project_id = projects.project_id
    where projects.product_id is not null
    group by projects.organization_slug, projects.project_id, votes.kind

),

trusted as (

    select
        organization_slug,
        kind
    from tried
    group by organization_slug, kind
    having sum(is_right) * 10 >= (count(*) + 2) * 7

),

ranked as (

    select
        votes.project_id,
        votes.product_id,
        votes.reason,
        row_number() over (
            partition by votes.project_id
            order by votes.preference asc, votes.strength desc, votes.reason asc
        ) as place
    from votes
    inner join {{ ref('int_guessable_projects') }} as projects
        on votes.project_id = projects.project_id
    inner join trusted
        on
            projects.organization_slug = trusted.organization_slug
            and votes.kind = trusted.kind
    where projects.is_unassigned

),

-- What is not trusted enough to suggest a product may still speak against one.
agreed as (

    select project_id
    from votes
    group by project_id
    having count(distinct product_id) = 1

)

select
    ranked.project_id,
    ranked.product_id as suggested_product_id,
    ranked.reason as suggestion_reason
from ranked
inner join agreed
    on ranked.project_id = agreed.project_id
where ranked.place = 1
