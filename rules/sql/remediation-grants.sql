-- The role that the remediation webhook connects as, and what it may do. Only who uses the response "reset-connections"
-- needs it. Run it in SightEdit's database as a superuser; running it again changes nothing:
--
--   psql --dbname=sightedit_production --set=ON_ERROR_STOP=1 --file=rules/sql/remediation-grants.sql
--
-- It sets no password. Give the role one with psql's \password sightedit_remediation, and put the same into the Secret.
--
-- The role sees which sessions there are and may end them; it reads no row of a table. pg_signal_backend ends no session
-- of a superuser, so nobody is locked out by it, and neither is replication by a superuser. It does reach the sessions of
-- every other role: that only those of the application are ended is the response's own doing, in one statement that names
-- the role and the database. Membership in the application's role would be narrower there, and bring its tables with it.
--
-- When connections are what is missing, the role needs one itself. From PostgreSQL 16 on some can be kept for it: set
-- reserved_connections = 3 in postgresql.conf, which takes a restart; the right to use them is given below. Before, only
-- superusers have a reserve, so keep the sum of the other roles' CONNECTION LIMITs under max_connections.
BEGIN;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sightedit_remediation') THEN
    CREATE ROLE sightedit_remediation;
  END IF;
  -- An older role may have been given more. That is not for a script to take back in silence.
  IF EXISTS (
    SELECT FROM pg_roles
    WHERE rolname = 'sightedit_remediation'
      AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
  ) THEN
    RAISE EXCEPTION 'sightedit_remediation may do more than end sessions: ALTER ROLE sightedit_remediation NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS';
  END IF;
  IF EXISTS (
    SELECT FROM pg_auth_members
    WHERE member = 'sightedit_remediation'::regrole
      AND roleid::regrole::text NOT IN ('pg_signal_backend', 'pg_read_all_stats', 'pg_use_reserved_connections')
  ) THEN
    RAISE EXCEPTION 'sightedit_remediation is a member of other roles, whose rights it has: REVOKE them';
  END IF;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO sightedit_remediation', current_database());
  IF current_setting('server_version_num')::int >= 160000 THEN
    GRANT pg_use_reserved_connections TO sightedit_remediation;
  END IF;
END $$;

-- Two replicas that ask a question each, and one to spare: it must not take the connections that others wait for.
ALTER ROLE sightedit_remediation LOGIN INHERIT CONNECTION LIMIT 3;
ALTER ROLE sightedit_remediation SET statement_timeout = '5s';
ALTER ROLE sightedit_remediation SET lock_timeout = '2s';
ALTER ROLE sightedit_remediation SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE sightedit_remediation SET default_transaction_read_only = on;
ALTER ROLE sightedit_remediation SET search_path = pg_catalog;
GRANT pg_signal_backend TO sightedit_remediation;
-- Without it the state of other roles' sessions is hidden.
GRANT pg_read_all_stats TO sightedit_remediation;

COMMIT;
