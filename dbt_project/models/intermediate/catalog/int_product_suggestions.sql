-- What speaks for a product is asked of every project, also of those that have one: that shows what it is worth.
with projects as (

    select
        projects.project_id,
        projects.organization_slug,
        projects.project_slug,
        products.product_id,
        products.product_name,
        projects.product_id is null as is_unassigned
    from {{ ref('dim_projects') }} as projects
    left join {{ ref('dim_products') }} as products
        on
            projects.product_id = products.product_id
            and products.is_active
    where not projects.is_deleted

),

organization_words as (

    select distinct
        organization_slug,
        {{ each_element(words_of('organization_slug')) }} as word
    from projects

),

slug_words as (

    select distinct
        project_id,
        organization_slug,
        project_slug,
        product_id,
        product_name,
        {{ each_element(words_of('project_slug')) }} as word
    from projects

),

telling_words as (

    select slug_words.*
    from slug_words
    left join organization_words
        on
            slug_words.organization_slug = organization_words.organization_slug
            and slug_words.word = organization_words.word
    where
        organization_words.word is null
        and {{ is_telling('slug_words.word') }}

),

word_products as (

    select
        organization_slug,
        word,
        product_id,
        product_name,
        count(*) as projects,
        min(project_slug) as example_slug
    from telling_words
    where product_id is not null
    group by organization_slug, word, product_id, product_name

),

-- Without the project itself. A word under several products tells nothing.
word_votes as (

    select
        words.project_id,
        words.word,
        min(counted.product_id) as product_id,
        min(counted.product_name) as product_name,
        min(counted.example_slug) as example_slug,
        sum(counted.projects - case when counted.product_id = words.product_id then 1 else 0 end) as siblings
    from telling_words as words
    inner join word_products as counted
        on
            words.organization_slug = counted.organization_slug
            and words.word = counted.word
    where counted.projects > case when counted.product_id = words.product_id then 1 else 0 end
    group by words.project_id, words.word
    having count(*) = 1

),

team_products as (

    select
        teams.team_id,
        projects.product_id,
        projects.product_name,
        count(*) as projects
    from {{ ref('stg_sentry__project_teams') }} as teams
    inner join projects
        on teams.project_id = projects.project_id
    where projects.product_id is not null
    group by teams.team_id, projects.product_id, projects.product_name

),

team_siblings as (

    select
        projects.project_id,
        teams.team_id,
        teams.team_slug,
        counted.product_id,
        counted.product_name,
        counted.projects - case when counted.product_id = projects.product_id then 1 else 0 end as siblings
    from projects
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

),

product_texts as (

    select
        product_id,
        product_name,
        'id' as origin,
        product_id as wording
    from {{ ref('dim_products') }}
    where is_active

    union all

    select
        product_id,
        product_name,
        'name' as origin,
        product_name as wording
    from {{ ref('dim_products') }}
    where is_active

),

text_words as (

    select
        product_id,
        product_name,
        origin,
        {{ each_element(words_of('wording')) }} as word
    from product_texts

),

product_words as (

    select
        *,
        count(*) over (partition by product_id, origin) as words
    from (
        select distinct
            product_id,
            product_name,
            origin,
            {{ singular('word') }} as word
        from text_words
        where {{ is_telling('word') }}
    ) as distinct_words

),

-- Singular here and not among the telling words: DuckDB 2.0 can fail where readers of one CTE share such a column.
names_found as (

    select
        slugs.project_id,
        labels.product_id,
        labels.product_name,
        labels.words
    from (select distinct project_id, {{ singular('word') }} as word from telling_words) as slugs
    inner join product_words as labels
        on slugs.word = labels.word
    group by slugs.project_id, labels.product_id, labels.product_name, labels.origin, labels.words
    having count(*) = labels.words

),

name_votes as (

    select
        *,
        max(words) over (partition by project_id) as most_words
    from names_found

),

votes as (

    select
        project_id,
        product_id,
        case when siblings > 1 then 'word' else 'single' end as kind,
        case when siblings > 1 then 1 else 4 end as preference,
        siblings as strength,
        case
            when siblings > 1
                then
                    cast(siblings as varchar) || ' other projects with ' || word || ' in their slug, such as '
                    || example_slug || ', belong to ' || product_name
            else
                'the one other project with ' || word || ' in its slug, ' || example_slug
                || ', belongs to ' || product_name
        end as reason
    from word_votes

    union all

    select
        project_id,
        product_id,
        'name' as kind,
        2 as preference,
        words as strength,
        'its slug has the words of ' || product_name as reason
    from name_votes
    where words = most_words

    union all

    select
        project_id,
        product_id,
        'team' as kind,
        3 as preference,
        siblings as strength,
        'of the other projects of Sentry team ' || team_slug || ', ' || cast(siblings as varchar)
        || ' of ' || cast(all_siblings as varchar) || ' belong to ' || product_name as reason
    from team_votes
    where
        siblings >= 3
        and siblings * 5 >= all_siblings * 4

),

tried as (

    select
        projects.organization_slug,
        projects.project_id,
        votes.kind,
        min(case when votes.product_id = projects.product_id then 1 else 0 end) as is_right
    from votes
    inner join projects
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
    inner join projects
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
