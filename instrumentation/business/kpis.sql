-- Functions that count users for the application's business metrics. Run it in SightEdit's database as a superuser, or as
-- a member of the tables' owner. Running it again changes nothing:
--
--   psql --dbname=sightedit_production --set=ON_ERROR_STOP=1 --file=instrumentation/business/kpis.sql
--
-- Row level security hides the rows of other users from sightedit_app. These functions run with the privileges of the
-- tables' owner, to which it does not apply, and return counts only.
BEGIN;

CREATE SCHEMA IF NOT EXISTS monitoring;

-- Users who edited within the last days.
CREATE OR REPLACE FUNCTION monitoring.editing_users(days integer) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(DISTINCT user_id) FROM app.content_edits WHERE created_at > now() - make_interval(days => days)
$$;

-- Of the users who registered in the week that ended `weeks` ago: the share that edited within the last seven days. NULL
-- if nobody registered then.
CREATE OR REPLACE FUNCTION monitoring.user_retention(weeks integer) RETURNS double precision
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH cohort AS (
    SELECT id FROM app.users
    WHERE created_at > now() - make_interval(weeks => weeks + 1) AND created_at <= now() - make_interval(weeks => weeks)
  )
  SELECT count(*) FILTER (WHERE EXISTS (
    SELECT FROM app.content_edits
    WHERE content_edits.user_id = cohort.id AND content_edits.created_at > now() - interval '7 days'
  ))::double precision / nullif(count(*), 0) FROM cohort
$$;

-- Mean duration of the sessions that began within the last days. NULL if there is none.
CREATE OR REPLACE FUNCTION monitoring.session_seconds(days integer) RETURNS double precision
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT avg(extract(epoch FROM last_accessed_at - created_at))::double precision FROM app.sessions
  WHERE created_at > now() - make_interval(days => days) AND last_accessed_at >= created_at
$$;

DO $$
DECLARE
  owner text := (SELECT tableowner FROM pg_tables WHERE schemaname = 'app' AND tablename = 'content_edits');
  signature text;
BEGIN
  FOREACH signature IN ARRAY ARRAY[
    'monitoring.editing_users(integer)', 'monitoring.user_retention(integer)', 'monitoring.session_seconds(integer)'
  ] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO %I', signature, owner);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO sightedit_app', signature);
  END LOOP;
  EXECUTE format('GRANT USAGE ON SCHEMA monitoring TO %I, sightedit_app', owner);
END $$;

COMMIT;
