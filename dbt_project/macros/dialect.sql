{#
    Whatever SQL engines write differently and dbt's own cross-database macros lack, with DuckDB's spelling; Spark's is
    in spark.sql.
#}

{# Hours from one timestamp to another, exact to the microsecond. #}
{% macro hours_between(earlier, later) -%}
    {{ return(adapter.dispatch('hours_between')(earlier, later)) }}
{%- endmacro %}

{% macro duckdb__hours_between(earlier, later) -%}
    ((epoch_us({{ later }}) - epoch_us({{ earlier }})) / 3600000000.0)
{%- endmacro %}


{# A number of hours after a timestamp, exact to the microsecond. #}
{% macro hours_after(moment, hours) -%}
    {{ return(adapter.dispatch('hours_after')(moment, hours)) }}
{%- endmacro %}

{% macro duckdb__hours_after(moment, hours) -%}
    ({{ moment }} + to_microseconds(cast(round({{ hours }} * 3600000000) as bigint)))
{%- endmacro %}


{# In a select list: one row for each element of an array. #}
{% macro each_element(array) -%}
    {{ return(adapter.dispatch('each_element')(array)) }}
{%- endmacro %}

{% macro duckdb__each_element(array) -%}
    unnest({{ array }})
{%- endmacro %}


{# In a select list: one row for each day from the first to the last, both included. #}
{% macro each_day(first_on, last_on) -%}
    {{ return(adapter.dispatch('each_day')(first_on, last_on)) }}
{%- endmacro %}

{% macro duckdb__each_day(first_on, last_on) -%}
    cast(unnest(generate_series({{ first_on }}, {{ last_on }}, interval 1 day)) as date)
{%- endmacro %}


{# An aggregate: the values as an array, the newest first; of one moment by their own order. #}
{% macro array_newest_first(value, moment) -%}
    {{ return(adapter.dispatch('array_newest_first')(value, moment)) }}
{%- endmacro %}

{% macro duckdb__array_newest_first(value, moment) -%}
    array_agg({{ value }} order by {{ moment }} desc, {{ value }} asc)
{%- endmacro %}


{# A text of a JSON object, by its key; null where there is none. #}
{% macro json_text(object, key) -%}
    {{ return(adapter.dispatch('json_text')(object, key)) }}
{%- endmacro %}

{% macro duckdb__json_text(object, key) -%}
    json_extract_string({{ object }}, '$.{{ key }}')
{%- endmacro %}


{# The texts of a JSON list, as an array. #}
{% macro json_texts(list) -%}
    {{ return(adapter.dispatch('json_texts')(list)) }}
{%- endmacro %}

{% macro duckdb__json_texts(list) -%}
    json_extract_string({{ list }}, '$[*]')
{%- endmacro %}


{# A whole number as people read it: 1,234. #}
{% macro with_thousands(number) -%}
    {{ return(adapter.dispatch('with_thousands')(number)) }}
{%- endmacro %}

{% macro duckdb__with_thousands(number) -%}
    format('{:,}', cast({{ number }} as bigint))
{%- endmacro %}


{# The words of a text as an array, in lower case. #}
{% macro words_of(text) -%}
    {{ return(adapter.dispatch('words_of')(text)) }}
{%- endmacro %}

{% macro duckdb__words_of(text) -%}
    regexp_split_to_array(lower({{ text }}), '[^\p{L}\p{N}]+')
{%- endmacro %}


{# Before the bracket of a common table expression: work it out first and once, rather than woven into what reads it. #}
{% macro materialized() -%}
    {{ return(adapter.dispatch('materialized')()) }}
{%- endmacro %}

{% macro duckdb__materialized() -%}
    materialized
{%- endmacro %}
