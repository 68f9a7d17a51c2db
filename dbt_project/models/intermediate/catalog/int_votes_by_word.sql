with word_products as (

    select
        organization_slug,
        word,
        product_id,
        product_name,
        count(*) as projects,
        min(project_slug) as example_slug
    from {{ ref('int_slug_words') }}
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
    from {{ ref('int_slug_words') }} as words
    inner join word_products as counted
        on
            words.organization_slug = counted.organization_slug
            and words.word = counted.word
    where counted.projects > case when counted.product_id = words.product_id then 1 else 0 end
    group by words.project_id, words.word
    having count(*) = 1

)

select
    project_id,
    product_id,
    case when siblings > 1 then 'word' else 'single' end as kind,
    case when siblings > 1 then 1 else 4 end as preference,
    siblings as strength,
    case
        when siblings > 1
            then
                cast(siblings as string) || ' other projects with ' || word || ' in their slug, such as '
                || example_slug || ', belong to ' || product_name
        else
            'the one other project with ' || word || ' in its slug, ' || example_slug
            || ', belongs to ' || product_name
    end as reason
from word_votes
