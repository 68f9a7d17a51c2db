with candidates as (

    select
        projects.project_id,
        projects.organization_slug,
        projects.project_slug,
        {{ dbt.split_part('projects.project_slug', "'-'", 1) }} as first_word,
        products.product_id,
        products.product_name
    from {{ ref('dim_projects') }} as projects
    left join {{ ref('dim_products') }} as products
        on
            projects.product_id = products.product_id
            and products.is_active
    where not projects.is_deleted

),

unassigned as (

    select
        candidates.project_id,
        candidates.organization_slug,
        candidates.project_slug,
        candidates.first_word
    from candidates
    inner join {{ ref('dim_projects') }} as projects
        on candidates.project_id = projects.project_id
    where projects.product_id is null

),

siblings as (

    select
        unassigned.project_id,
        candidates.product_id,
        candidates.product_name,
        candidates.project_slug as sibling_slug,
        'slug' as relation,
        candidates.first_word as shared
    from unassigned
    inner join candidates
        on
            unassigned.organization_slug = candidates.organization_slug
            and unassigned.first_word = candidates.first_word
    where candidates.product_id is not null

    union all

    select
        unassigned.project_id,
        candidates.product_id,
        candidates.product_name,
        candidates.project_slug as sibling_slug,
        'team' as relation,
        teams.team_slug as shared
    from unassigned
    inner join {{ ref('stg_sentry__project_teams') }} as teams
        on unassigned.project_id = teams.project_id
    inner join {{ ref('stg_sentry__project_teams') }} as other_projects
        on teams.team_id = other_projects.team_id
    inner join candidates
        on other_projects.project_id = candidates.project_id
    where candidates.product_id is not null

),

votes as (

    select
        project_id,
        product_id,
        product_name,
        relation,
        shared,
        count(*) as product_siblings,
        min(sibling_slug) as example_slug,
        sum(count(*)) over (partition by project_id, relation, shared) as all_siblings
    from siblings
    group by project_id, product_id, product_name, relation, shared

),

suggestions as (

    select
        project_id,
        product_id,
        case relation when 'slug' then 1 else 2 end as preference,
        cast(product_siblings as double) as strength,
        case relation
            when 'slug'
                then
                    'its slug begins with ' || shared || ' like ' || example_slug
                    || ', which belongs to ' || product_name
            else
                'of the other projects of Sentry team ' || shared || ', ' || cast(product_siblings as string)
                || ' of ' || cast(all_siblings as string) || ' belong to ' || product_name
        end as reason
    from votes
    -- Siblings that mostly disagree suggest nothing.
    where product_siblings * 2 > all_siblings

    union all

    select
        unassigned.project_id,
        products.product_id,
        3 as preference,
        {{ likeness('unassigned.project_slug', 'products.product_id') }} as strength,
        'its slug resembles the id of ' || products.product_name as reason
    from unassigned
    inner join {{ ref('dim_products') }} as products
        on {{ likeness('unassigned.project_slug', 'products.product_id') }} >= 0.85
    where products.is_active

)

select
    project_id,
    product_id as suggested_product_id,
    reason as suggestion_reason
from (
    select
        *,
        row_number() over (
            partition by project_id
            order by preference asc, strength desc, product_id asc, reason asc
        ) as place
    from suggestions
) as ranked
where place = 1
