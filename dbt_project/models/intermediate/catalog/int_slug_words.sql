with organization_words as (

    select distinct
        organization_slug,
        {{ each_element(words_of('organization_slug')) }} as word
    from {{ ref('int_guessable_projects') }}

),

slug_words as (

    select distinct
        project_id,
        organization_slug,
        project_slug,
        product_id,
        product_name,
        {{ each_element(words_of('project_slug')) }} as word
    from {{ ref('int_guessable_projects') }}

)

select slug_words.*
from slug_words
left join organization_words
    on
        slug_words.organization_slug = organization_words.organization_slug
        and slug_words.word = organization_words.word
where
    organization_words.word is null
    and {{ is_telling('slug_words.word') }}
