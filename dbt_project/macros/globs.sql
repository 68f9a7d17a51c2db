{# A glob with * and ? as the pattern of `like ... escape '!'`: nothing else is special. #}
{% macro like_pattern(glob) -%}
    replace(replace(
        replace(replace(replace({{ glob }}, '!', '!!'), '%', '!%'), '_', '!_'),
        '*', '%'
    ), '?', '_')
{%- endmacro %}
