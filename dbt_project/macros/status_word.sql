{#
    Sentry's status in our words. What Sentry is reprocessing, or calls by a name that is not known yet, still wants
    attention and is unresolved; what waits to be deleted or merged is already gone for those who count.
#}
{% macro status_word(column) -%}
    case
        when {{ column }} in ('resolved', 'ignored', 'deleted', 'merged') then {{ column }}
        when {{ column }} in ('pending_deletion', 'deletion_in_progress') then 'deleted'
        when {{ column }} = 'pending_merge' then 'merged'
        else 'unresolved'
    end
{%- endmacro %}
