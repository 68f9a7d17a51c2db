-- A warehouse of 100,000 issues of 1,000 products whose ages are as in real life: two years of them, most old and
-- quiet, sizes of projects far apart. `chance` is even between 0 and 1, another for each name and $seed.
create or replace temp macro chance(n, name) as (hash(n, name, getvariable('seed')) % 1000003) / 1000003;
create or replace temp macro bell(n, name) as sqrt(-2 * ln(chance(n, name) + 1e-6)) * cos(2 * pi() * chance(n, name || '2'));

-- Half of the products stand at the top or right below it; a tree is some five deep.
insert into seeds.products
select
    'product-' || n as product_id,
    'Product ' || n as name,
    if(n > 60, 'product-' || 1 + floor((n - 1) * chance(n, 'parent') * chance(n, 'above'))::integer, null) as parent_id,
    null as description,
    'team-' || n % 60 as owner_team,
    if(n <= 60 or chance(n, 'own') < 0.3, ['critical', 'high', 'medium', 'low'][1 + floor(4 * chance(n, 'priority'))::integer], null)
        as priority,
    true as is_active,
    n + 1 as line,
from range(1, 1001) as numbers(n);

insert into seeds.sla_targets select *, row_number() over () + 1 from read_csv($targets);

insert into raw_sentry.projects by name
select
    'acme' as organization_slug,
    n::varchar as project_id,
    'service-' || n as project_slug,
    true as has_access,
    $as_of::timestamp - interval 800 day as created_at,
from range(2000) as numbers(n);

insert into seeds.project_products
select
    null as organization,
    'service-' || n as project,
    'product-' || 1 + n % 1000 as product_id,
    n + 2 as line,
from range(2000) as numbers(n);

-- Issues go to a few projects more than to others. What is high is seen to first: of it one in ten is open, of the rest
-- one in four. Of the open ones, the older the rarer is one that still happens.
create or replace temp table drawn as
select
    n::varchar as issue_id,
    floor(2000 * power(chance(n, 'project'), 2))::integer as project,
    age,
    $as_of::timestamp - to_microseconds((age * 86400e6)::bigint) as first_seen_at,
    case
        when chance(n, 'open') < if(level = 'fatal' or issue_priority = 'high', 0.1, 0.25) then 'unresolved'
        when chance(n, 'archived') < 0.25 then 'ignored'
        else 'resolved'
    end as status,
    level,
    issue_priority,
    if(
        chance(n, 'happens') < exp(-age / getvariable('quiet_after')),
        least(age, 3 * chance(n, 'lately')),
        age * chance(n, 'last')
    ) as seen_ago,
from (
    select
        n,
        730 * power(chance(n, 'age'), 1.5) as age,
        if(chance(n, 'level') < 0.02, 'fatal', 'error') as level,
        case when chance(n, 'grave') < 0.15 then 'high' when chance(n, 'grave') < 0.6 then 'medium' else 'low' end
            as issue_priority,
    from range(100000) as numbers(n)
);

insert into raw_sentry.issues by name
select
    issue_id,
    'acme' as organization_slug,
    project::varchar as project_id,
    level,
    status,
    issue_priority,
    'error' as issue_category,
    10 as event_count,
    10 as user_count,
    first_seen_at,
    $as_of::timestamp - to_microseconds((seen_ago * 86400e6)::bigint) as last_seen_at,
    $as_of::timestamp as observed_at,
    '1700000001.0' as _dlt_load_id,
from drawn;

-- From a few events a day to thousands, less on weekends, noisy, and twice in a hundred weeks several times as many.
insert into raw_sentry.project_daily_events by name
select
    n::varchar as project_id,
    $as_of::date - day::integer as date_on,
    'acme' as organization_slug,
    round(
        exp(2.5 + 2 * bell(n, 'size') + 0.4 * bell(n * 100 + day, 'noise'))
        * if(day % 7 in (0, 6), 0.5, 1)
        * if(chance(n * 100 + day // 7, 'outbreak') < 0.02, 2 + 8 * chance(n, 'outbreak_size'), 1)
    )::bigint as event_count,
    'stats_v2' as event_source,
    '1700000001.0' as _dlt_load_id,
from range(2000) as numbers(n)
cross join range(30) as days(day);

insert into raw_sentry.organization_syncs by name
select
    'run-1' as run_id,
    'acme' as organization_slug,
    $as_of::timestamp as started_at,
    'full' as mode,
    'complete' as status,
    '1700000001.0' as _dlt_load_id;
