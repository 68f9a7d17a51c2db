with rules as (

    select
        line,
        organization_slug,
        project_pattern,
        product_id,
        project_pattern like '%*%' or project_pattern like '%?%' as is_glob,
        length(replace(replace(project_pattern, '*', ''), '?', '')) as literal_length,
        {{ like_pattern('project_pattern') }} as like_pattern
    from {{ ref('stg_seeds__project_products') }}

),

slugs as (

    select * from {{ ref('int_project_slugs') }}

),

exact_matches as (

    select
        slugs.project_id,
        slugs.age,
        rules.line,
        rules.organization_slug,
        rules.project_pattern,
        rules.product_id,
        rules.is_glob,
        rules.literal_length
    from slugs
    inner join rules
        on
            slugs.slug = rules.project_pattern
            and coalesce(rules.organization_slug, slugs.organization_slug) = slugs.organization_slug
    where not rules.is_glob

),

-- Globs meet only the projects that no row names.
glob_matches as (

    select
        slugs.project_id,
        slugs.age,
        rules.line,
        rules.organization_slug,
        rules.project_pattern,
        rules.product_id,
        rules.is_glob,
        rules.literal_length
    from slugs
    inner join rules
        on
            slugs.slug like rules.like_pattern escape '!'
            and coalesce(rules.organization_slug, slugs.organization_slug) = slugs.organization_slug
    where
        rules.is_glob
        and slugs.project_id not in (select exact_matches.project_id from exact_matches)

),

ranked as (

    select
        *,
        row_number() over (
            partition by project_id
            order by
                age asc,
                organization_slug is null asc,
                literal_length desc,
                line asc
        ) as precedence
    from (
        select * from exact_matches
        union all
        select * from glob_matches
    ) as matches

)

select
    project_id,
    product_id,
    project_pattern as mapped_pattern,
    case
        when age > 0 then 'former_slug'
        when is_glob then 'pattern'
        else 'exact'
    end as mapped_by
from ranked
where precedence = 1
