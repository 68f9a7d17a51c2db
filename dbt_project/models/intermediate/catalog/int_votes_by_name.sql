with product_texts as (

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

names_found as (

    select
        slugs.project_id,
        labels.product_id,
        labels.product_name,
        labels.words
    from (select distinct project_id, {{ singular('word') }} as word from {{ ref('int_slug_words') }}) as slugs
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

)

-- Once, where id and name say the same.
select distinct
    project_id,
    product_id,
    'name' as kind,
    2 as preference,
    words as strength,
    'its slug has the words of ' || product_name as reason
from name_votes
where words = most_words
