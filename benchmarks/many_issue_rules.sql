-- $rules issue rules of every project, each of a field of its own in turn: the fewer projects a rule is of, the less it costs.
insert into seeds.issue_rules by name
select
    '*' as project,
    ['culprit', 'title', 'type', 'filename', 'function', 'owner', 'logger', 'platform', 'category', 'assignee'][1 + n % 10]
        as field,
    [
        'service.module_' || n || ' *', '*in step *' || n || '7', 'Timeout' || n || '*', '*/handlers_' || n || '.py',
        'handle_' || n || '*', '#team-' || n, 'django.' || n || '.*', 'go' || n, 'cron' || n, 'person ' || n
    ][1 + n % 10] as pattern,
    'product-' || (1 + n) as product_id,
    (n + 2)::integer as line,
from range($rules) as numbers(n);
