{#
    The numbers of a project that add up: over a product's projects, over a tree, over a team. A new one stands here,
    is computed in int_project_numbers, and is described where it is published.

    With each number are the reports that show it; own: product_overview shows it without the products below, too.
#}
{% macro numbers(shown_in=none) -%}
    {%- set reports_of = {
        'project_count': ['overview', 'own', 'team', 'summary'],
        'total_issues': ['overview', 'own', 'team'],
        'unresolved_issues': ['overview', 'own', 'team', 'summary'],
        'covered_unresolved_issues': [],
        'unresolved_issues_30d_ago': ['summary'],
        'resolved_issues': ['overview', 'own'],
        'ignored_issues': ['overview', 'own'],
        'new_issues_7d': ['overview', 'own', 'team'],
        'new_issues_previous_7d': ['overview'],
        'new_issues_30d': ['summary'],
        'new_issues_previous_30d': ['summary'],
        'resolved_issues_7d': ['overview', 'own', 'team'],
        'resolved_issues_previous_7d': ['overview'],
        'resolved_issues_30d': ['summary'],
        'resolved_issues_previous_30d': ['summary'],
        'event_count': ['overview', 'own'],
        'events_7d': ['overview', 'own', 'team'],
        'events_previous_7d': ['overview'],
        'events_complete_7d': [],
        'events_complete_previous_7d': [],
        'production_events_7d': ['overview', 'own'],
        'sessions_7d': ['overview', 'own'],
        'crashed_sessions_7d': [],
        'sessions_previous_7d': [],
        'crashed_sessions_previous_7d': [],
        'sessions_30d': ['summary'],
        'crashed_sessions_30d': [],
        'sessions_previous_30d': [],
        'crashed_sessions_previous_30d': [],
        'events_30d': ['summary'],
        'events_previous_30d': ['summary'],
        'user_count': ['overview', 'own'],
        'production_unresolved_issues': ['overview', 'own'],
        'unresolved_high_issues': ['overview', 'team'],
        'sla_breached_issues': ['overview', 'own', 'team'],
        'sla_at_risk_issues': ['overview', 'own', 'team'],
        'active_issues': [],
        'late_active_issues': [],
        'late_high_issues': [],
        'at_risk_high_issues': [],
    } -%}
    {%- set found = [] -%}
    {%- for number, reports in reports_of.items() if shown_in is none or shown_in in reports -%}
        {%- do found.append(number) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}


{# The numbers of a project's day, which add up in the same way. #}
{% macro daily_numbers() -%}
    {{ return(daily_numbers_of_sentry() + ['new_issues', 'resolved_issues', 'unresolved_issues', 'late_issues']) }}
{%- endmacro %}


{# Those of them that Sentry counts, and that may be unknown, which is null. #}
{% macro daily_numbers_of_sentry() -%}
    {{ return(['event_count', 'production_event_count', 'sessions', 'crashed_sessions']) }}
{%- endmacro %}


{#
    What is counted from rows that are held is 0 without any. What Sentry counts, per day or of production, may be
    unknown, which is null.
#}
{% macro zero_if_counted(number, sum) -%}
    {{ sum if number.startswith(('events_', 'production_', 'sessions_', 'crashed_')) else 'coalesce(' ~ sum ~ ', 0)' }}
{%- endmacro %}


{# Share of the sessions that did not crash: as many sessions as there are weigh each project; null without any. #}
{% macro crash_free_sessions(crashed_sessions, sessions) -%}
    cast({{ sessions }} - {{ crashed_sessions }} as double) / nullif({{ sessions }}, 0)
{%- endmacro %}
