-- Tasks for the rows of `bench_owner` (id, number, size), made by the database itself. `replica` skips the foreign
-- keys' checks, one by one, of rows that are right by construction.
SET session_replication_role = replica;

CREATE FUNCTION pg_temp.id(moment timestamptz, seed text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '7' || substr(md5(seed), 1, 3)
            || '8' || substr(md5(seed), 4, 15))::uuid
$$;

INSERT INTO todos_task (
    id, owner_id, title, title_folded, description, search_text, completed_at, priority, due_date, due_time,
    reminders, recurrence, repeat_from, series_passed, project_id, level, is_tagged, position, created_at, updated_at, revision
)
SELECT
    pg_temp.id(moment.at, owner.id::text || n), owner.id,
    initcap(left(md5(n::text), 8)) || ' task ' || n, left(md5(n::text), 8) || ' task ' || n,
    'What there is to say about task ' || n || '.',
    left(md5(n::text), 8) || ' task ' || n || E'\nwhat there is to say about task ' || n || '.',
    CASE WHEN n % 2 = 0 THEN moment.at + interval '1 second' END,
    n / 7 % 5,
    CASE WHEN n % 3 > 0 THEN current_date + n / 3 % 20 - 10 END,
    CASE WHEN n % 6 = 1 THEN time '09:00' END,
    '[]', '', 'due', 0, project.id, 1, n % 3 > 0 OR n % (owner.size / 20) = 9, 100 + n, moment.at, moment.at, 100 + n
FROM bench_owner owner
CROSS JOIN generate_series(1, owner.size) n
CROSS JOIN LATERAL (SELECT date_trunc('second', now()) - (owner.size - n) * interval '10 seconds' AS at) moment
-- Project 0 holds 20 tasks, however many there are; projects 1 to 5 a fifth of the rest each.
LEFT JOIN todos_project project ON project.owner_id = owner.id
    AND project.name = 'project ' || CASE WHEN n % (owner.size / 20) = 7 THEN 0 ELSE n / 5 % 5 + 1 END;

-- As with projects: tag 0 marks 20 tasks. Of the others two thirds of the tasks bear one, and a third another.
INSERT INTO todos_tasktag (owner_id, task_id, tag_id, created_at)
SELECT owner.id, pg_temp.id(moment.at, owner.id::text || n), tag.id, moment.at
FROM bench_owner owner
CROSS JOIN generate_series(1, owner.size) n
CROSS JOIN LATERAL (SELECT date_trunc('second', now()) - (owner.size - n) * interval '10 seconds' AS at) moment
JOIN todos_tag tag ON tag.owner_id = owner.id AND (
    (tag.name = 'tag 0' AND n % (owner.size / 20) = 9)
    OR (tag.name = 'tag ' || (n / 3 % 9 + 1) AND n % 3 > 0)
    OR (tag.name = 'tag ' || ((n / 3 + 4) % 9 + 1) AND n % 3 = 2)
);

SET session_replication_role = DEFAULT;
