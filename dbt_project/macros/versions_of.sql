{#
    Keep every version of the rows of a table: valid_from is the as_of at which a version was first published, valid_to
    the as_of at which it no longer was (null: it is today's). A version that was replaced before as_of moved was never
    published at another time than its successor, and gives way to it. What is carried is kept as it was when its
    version began, and makes none.
#}
{% macro versions_of(relation, key, tracked, carried=[]) -%}
{%- set columns = tracked + carried -%}
with present as (

    select
        {{ key }},
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        clock.as_of
    from {{ relation }}
    cross join {{ ref('int_as_of') }} as clock
    where clock.as_of is not null

)
{%- if not is_incremental() %}

select
    {{ key }},
    {%- for column in columns %}
    {{ column }},
    {%- endfor %}
    as_of as valid_from,
    cast(null as timestamp) as valid_to
from present
{%- else %}
{#- A column that is new with this version of the program is not in the stored versions yet. -#}
{%- set stored = adapter.get_columns_in_relation(this) | map(attribute='name') | list %}
,

compared as (

    select
        stored.{{ key }} as stored_key,
        stored.valid_from,
        present.{{ key }} as present_key,
        {%- for column in columns %}
        stored.{{ column }} as stored_{{ column }},
        present.{{ column }} as present_{{ column }},
        {%- endfor %}
        clock.as_of
    from (
        select
            *
            {%- for column in columns if column not in stored %},
            null as {{ column }}
            {%- endfor %}
        from {{ this }}
        where valid_to is null
    ) as stored
    full outer join present
        on stored.{{ key }} = present.{{ key }}
    cross join {{ ref('int_as_of') }} as clock
    where
        stored.{{ key }} is null
        or present.{{ key }} is null
        {%- for column in tracked %}
        or stored.{{ column }} is distinct from present.{{ column }}
        {%- endfor %}
        {%- for column in carried %}
        or (stored.valid_from = clock.as_of and stored.{{ column }} is distinct from present.{{ column }})
        {%- endfor %}

)

select
    stored_key as {{ key }},
    {%- for column in columns %}
    stored_{{ column }} as {{ column }},
    {%- endfor %}
    valid_from,
    as_of as valid_to
from compared
where
    stored_key is not null
    and (present_key is null or valid_from < as_of)

union all

select
    present_key as {{ key }},
    {%- for column in columns %}
    present_{{ column }} as {{ column }},
    {%- endfor %}
    as_of as valid_from,
    cast(null as timestamp) as valid_to
from compared
where present_key is not null
{%- endif %}
{%- endmacro %}
