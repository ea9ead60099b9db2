-- Creates the role of the exporters and its privileges. Run it in SightEdit's database as a superuser, or as a role
-- that is a member of the tables' owner and may create roles. Running it again changes nothing:
--
--   psql --dbname=sightedit_production --set=ON_ERROR_STOP=1 --file=rules/sql/grants.sql
--
-- It sets no password. Set one with psql's \password sightedit_monitor, and put the same password into the Secret.
--
-- pg_monitor can read the server's statistics, but no row of a table. SightEdit's own queries read rows only through
-- functions that return counts and run with the privileges of the tables' owner. Row level security does not apply to
-- the owner, so the functions count every row.
BEGIN;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sightedit_monitor') THEN
    CREATE ROLE sightedit_monitor;
  END IF;
  -- An existing role may have more attributes. Only a superuser can remove them, so stop here.
  IF EXISTS (
    SELECT FROM pg_roles
    WHERE rolname = 'sightedit_monitor'
      AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
  ) THEN
    RAISE EXCEPTION 'sightedit_monitor may do more than read statistics: ALTER ROLE sightedit_monitor NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS';
  END IF;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO sightedit_monitor', current_database());
END $$;

ALTER ROLE sightedit_monitor LOGIN INHERIT CONNECTION LIMIT 10;
-- Below Prometheus' scrape timeout: a slow query fails, and is counted as failed, before the scrape times out.
ALTER ROLE sightedit_monitor SET statement_timeout = '8s';
ALTER ROLE sightedit_monitor SET lock_timeout = '2s';
ALTER ROLE sightedit_monitor SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE sightedit_monitor SET default_transaction_read_only = on;
-- Counting must not take CPU from the application's queries.
ALTER ROLE sightedit_monitor SET max_parallel_workers_per_gather = 0;
GRANT pg_monitor TO sightedit_monitor;

CREATE SCHEMA IF NOT EXISTS monitoring;
REVOKE ALL ON SCHEMA monitoring FROM PUBLIC;
GRANT USAGE ON SCHEMA monitoring TO sightedit_monitor;

-- Users who signed in, for each window.
CREATE OR REPLACE FUNCTION monitoring.active_users()
  RETURNS TABLE ("window" text, users bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT w.name, count(u.id)
  FROM (VALUES ('day', interval '1 day'), ('week', interval '7 days'), ('month', interval '30 days')) AS w (name, age)
  LEFT JOIN app.users u ON u.is_active AND u.last_login >= now() - w.age
  GROUP BY w.name
$$;

CREATE OR REPLACE FUNCTION monitoring.users()
  RETURNS TABLE (state text, users bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT s.state, count(u.id)
  FROM (VALUES ('verified', true, true), ('unverified', true, false), ('inactive', false, NULL)) AS s (state, active, verified)
  LEFT JOIN app.users u
    ON coalesce(u.is_active, false) = s.active
   AND (s.verified IS NULL OR coalesce(u.is_verified, false) = s.verified)
  GROUP BY s.state
$$;

CREATE OR REPLACE FUNCTION monitoring.sites()
  RETURNS TABLE (state text, sites bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT s.state, count(t.id)
  FROM (VALUES ('active', true), ('inactive', false)) AS s (state, active)
  LEFT JOIN app.sites t ON coalesce(t.is_active, false) = s.active
  GROUP BY s.state
$$;

-- A session counts as editing if it was used within five minutes.
CREATE OR REPLACE FUNCTION monitoring.editor_sessions()
  RETURNS TABLE (state text, sessions bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  WITH found AS (
    SELECT CASE
      WHEN expires_at <= now() THEN 'expired'
      WHEN last_accessed_at >= now() - interval '5 minutes' THEN 'editing'
      ELSE 'idle'
    END AS state
    FROM app.sessions
  )
  SELECT s.state, count(f.state)
  FROM (VALUES ('editing'), ('idle'), ('expired')) AS s (state)
  LEFT JOIN found f USING (state)
  GROUP BY s.state
$$;

-- Seconds since the oldest session expired, 0 if none has.
CREATE OR REPLACE FUNCTION monitoring.expired_sessions_age()
  RETURNS TABLE (seconds double precision)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT greatest(0, coalesce(extract(epoch FROM now() - min(expires_at)), 0))::float8 FROM app.sessions
$$;

-- Only SightEdit's own element types become labels. Any other value counts as other.
CREATE OR REPLACE FUNCTION monitoring.edits()
  RETURNS TABLE (element_type text, edits bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  WITH types (name) AS (
    SELECT unnest(ARRAY['text', 'richtext', 'image', 'link', 'color', 'number', 'date', 'select', 'json', 'collection'])
  ), recent AS (
    SELECT coalesce(t.name, 'other') AS name, count(*) AS edits
    FROM app.content_edits e
    LEFT JOIN types t ON t.name = e.element_type::text
    WHERE e.created_at >= now() - interval '1 day'
    GROUP BY 1
  )
  SELECT n.name, coalesce(r.edits, 0)
  FROM (SELECT name FROM types UNION ALL SELECT 'other') AS n
  LEFT JOIN recent r USING (name)
$$;

CREATE OR REPLACE FUNCTION monitoring.api_keys()
  RETURNS TABLE (state text, keys bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  WITH found AS (
    SELECT CASE
      WHEN NOT coalesce(is_active, false) THEN 'revoked'
      WHEN expires_at <= now() THEN 'expired'
      WHEN last_used_at >= now() - interval '1 day' THEN 'in_use'
      ELSE 'unused'
    END AS state
    FROM app.api_keys
  )
  SELECT s.state, count(f.state)
  FROM (VALUES ('in_use'), ('unused'), ('expired'), ('revoked')) AS s (state)
  LEFT JOIN found f USING (state)
  GROUP BY s.state
$$;

CREATE OR REPLACE FUNCTION monitoring.uploads()
  RETURNS TABLE (uploads bigint, bytes bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT count(*), coalesce(sum(file_size), 0)::bigint
  FROM app.uploads
  WHERE created_at >= now() - interval '1 day'
$$;

-- Rows without a parent. Grouped by parent first, so that a site with a million edits is looked up once.
CREATE OR REPLACE FUNCTION monitoring.orphaned_rows()
  RETURNS TABLE (relation text, orphans bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT 'sites.user_id', count(*) FROM app.sites c
  WHERE c.user_id IS NOT NULL AND NOT EXISTS (SELECT FROM app.users p WHERE p.id = c.user_id)
  UNION ALL
  SELECT 'content_edits.site_id', coalesce(sum(c.edits), 0)::bigint
  FROM (SELECT site_id, count(*) AS edits FROM app.content_edits GROUP BY site_id) AS c
  WHERE c.site_id IS NOT NULL AND NOT EXISTS (SELECT FROM app.sites p WHERE p.id = c.site_id)
  UNION ALL
  SELECT 'content_edits.user_id', coalesce(sum(c.edits), 0)::bigint
  FROM (SELECT user_id, count(*) AS edits FROM app.content_edits GROUP BY user_id) AS c
  WHERE c.user_id IS NOT NULL AND NOT EXISTS (SELECT FROM app.users p WHERE p.id = c.user_id)
  UNION ALL
  SELECT 'sessions.user_id', count(*) FROM app.sessions c
  WHERE c.user_id IS NOT NULL AND NOT EXISTS (SELECT FROM app.users p WHERE p.id = c.user_id)
  UNION ALL
  SELECT 'api_keys.user_id', count(*) FROM app.api_keys c
  WHERE c.user_id IS NOT NULL AND NOT EXISTS (SELECT FROM app.users p WHERE p.id = c.user_id)
  UNION ALL
  SELECT 'uploads.user_id', count(*) FROM app.uploads c
  WHERE c.user_id IS NOT NULL AND NOT EXISTS (SELECT FROM app.users p WHERE p.id = c.user_id)
  UNION ALL
  SELECT 'uploads.site_id', count(*) FROM app.uploads c
  WHERE c.site_id IS NOT NULL AND NOT EXISTS (SELECT FROM app.sites p WHERE p.id = c.site_id)
$$;

-- Rows of the last hour without an entry in the audit trail, which may be five minutes late.
CREATE OR REPLACE FUNCTION monitoring.audit_missing()
  RETURNS TABLE (table_name text, missing bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  WITH made AS (
    SELECT 'users' AS table_name, id::text AS row_id, created_at FROM app.users
    UNION ALL
    SELECT 'sites', id::text, created_at FROM app.sites
    UNION ALL
    SELECT 'content_edits', id::text, created_at FROM app.content_edits
  ), logged AS (
    SELECT regexp_replace(l.table_name, '^app\.', '') AS table_name, l.row_id::text AS row_id
    FROM audit.change_log l
    WHERE upper(l.operation::text) = 'INSERT' AND l.changed_at >= now() - interval '2 hours'
  )
  SELECT t.name, count(m.row_id)
  FROM (VALUES ('users'), ('sites'), ('content_edits')) AS t (name)
  LEFT JOIN made m
    ON m.table_name = t.name
   AND m.created_at >= now() - interval '65 minutes'
   AND m.created_at < now() - interval '5 minutes'
   AND NOT EXISTS (SELECT FROM logged l WHERE l.table_name = m.table_name AND l.row_id = m.row_id)
  GROUP BY t.name
$$;

-- Size of the largest tables, and an estimate of the part without rows: the pages of the table minus those that its
-- rows need according to the planner's statistics. A row needs its columns, 24 bytes of header and 4 bytes of pointer.
CREATE OR REPLACE FUNCTION monitoring.table_bloat()
  RETURNS TABLE (schema_name text, table_name text, size_bytes bigint, bloat_bytes bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  WITH width AS (
    SELECT s.schemaname, s.tablename, sum((1 - s.null_frac) * s.avg_width) AS bytes
    FROM pg_stats s
    WHERE s.schemaname IN ('app', 'audit', 'analytics') AND NOT s.inherited
    GROUP BY s.schemaname, s.tablename
  ), page AS (
    SELECT current_setting('block_size')::float8 AS bytes
  ), tables AS (
    SELECT n.nspname::text AS schema_name, c.relname::text AS table_name, c.relpages, page.bytes AS page_bytes,
      ceil(c.reltuples * (w.bytes + 28) / (page.bytes - 24)) AS needed_pages
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN width w ON w.schemaname = n.nspname AND w.tablename = c.relname
    CROSS JOIN page
    WHERE c.relkind = 'r' AND c.reltuples >= 0
    ORDER BY c.relpages DESC, 1, 2
    LIMIT 20
  )
  SELECT schema_name, table_name, (relpages * page_bytes)::bigint,
    (greatest(0, relpages - needed_pages) * page_bytes)::bigint
  FROM tables
$$;

-- The functions belong to the owner of the tables, which sees all rows. Only sightedit_monitor may call them.
DO $$
DECLARE
  owner text := (SELECT tableowner FROM pg_tables WHERE schemaname = 'app' AND tablename = 'users');
  needed text;
  function regprocedure;
BEGIN
  FOREACH needed IN ARRAY ARRAY[
    'app.users', 'app.sites', 'app.content_edits', 'app.sessions', 'app.api_keys', 'app.uploads', 'audit.change_log'
  ] LOOP
    IF NOT has_table_privilege(owner, needed, 'SELECT') THEN
      RAISE EXCEPTION '% owns app.users, but may not read %: grant SELECT on it to %', owner, needed, owner;
    END IF;
    IF EXISTS (
      SELECT FROM pg_class c JOIN pg_roles r ON r.rolname = owner
      WHERE c.oid = needed::regclass AND c.relrowsecurity AND NOT r.rolsuper AND NOT r.rolbypassrls
        AND (c.relforcerowsecurity OR c.relowner <> r.oid)
    ) THEN
      RAISE EXCEPTION 'row level security of % applies to % too, so the counts would miss rows: make % its owner, without FORCE ROW LEVEL SECURITY', needed, owner, owner;
    END IF;
  END LOOP;

  EXECUTE format('GRANT USAGE, CREATE ON SCHEMA monitoring TO %I', owner);
  FOR function IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'monitoring'::regnamespace LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO %I', function, owner);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', function);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO sightedit_monitor', function);
  END LOOP;
END $$;

COMMIT;
