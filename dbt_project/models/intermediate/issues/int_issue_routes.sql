{# What a rule compares: the words of issue_rules.csv, and where an issue holds each. #}
{% set columns = {
    'title': 'title',
    'culprit': 'culprit',
    'filename': 'filename',
    'function': 'function_name',
    'type': 'error_type',
    'logger': 'logger',
    'platform': 'platform',
    'category': 'issue_category',
    'assignee': 'assignee',
} %}

with scopes as (

    select distinct
        rules.line,
        rules.field,
        {{ like_pattern('lower(rules.pattern)') }} as like_pattern,
        slugs.project_id
    from {{ ref('stg_seeds__issue_rules') }} as rules
    inner join {{ ref('int_project_slugs') }} as slugs
        on
            slugs.slug like {{ like_pattern('rules.project_pattern') }} escape '!'
            and coalesce(rules.organization_slug, slugs.organization_slug) = slugs.organization_slug

),

matches as (

    {% for field, column in columns.items() %}
        select
            issues.issue_id,
            scopes.line
        from {{ ref('stg_sentry__issues') }} as issues
        inner join scopes
            on issues.project_id = scopes.project_id
        where
            scopes.field = '{{ field }}'
            and lower(issues.{{ column }}) like scopes.like_pattern escape '!'

        union all
    {% endfor %}

    select
        issue_id,
        line
    from (
        select
            issues.issue_id,
            scopes.line,
            scopes.like_pattern,
            {{ each_element(json_texts('issues.owners')) }} as team_or_user
        from {{ ref('stg_sentry__issues') }} as issues
        inner join scopes
            on issues.project_id = scopes.project_id
        where scopes.field = 'owner'
    ) as of_owners
    where lower(team_or_user) like like_pattern escape '!'

),

-- As in CODEOWNERS, the last row that matches wins.
last_matches as (

    select
        issue_id,
        max(line) as rule_line
    from matches
    group by issue_id

)

select
    last_matches.issue_id,
    rules.product_id,
    last_matches.rule_line
from last_matches
inner join {{ ref('stg_seeds__issue_rules') }} as rules
    on last_matches.rule_line = rules.line
