-- The part of SightEdit's database that monitoring knows: the tables and columns that its queries read, its roles, and
-- row level security. It has no foreign keys, so that a test can delete a parent row.
CREATE EXTENSION pg_stat_statements;

CREATE ROLE sightedit_owner NOLOGIN;
CREATE ROLE sightedit_app LOGIN CONNECTION LIMIT 50;
CREATE ROLE sightedit_replica LOGIN REPLICATION;

CREATE SCHEMA app AUTHORIZATION sightedit_owner;
CREATE SCHEMA audit AUTHORIZATION sightedit_owner;
CREATE SCHEMA analytics AUTHORIZATION sightedit_owner;

SET ROLE sightedit_owner;

CREATE TABLE app.users (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email text NOT NULL,
  is_active boolean NOT NULL DEFAULT true,
  is_verified boolean NOT NULL DEFAULT false,
  last_login timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE app.sites (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL,
  domain text NOT NULL,
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE app.content_edits (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  site_id uuid NOT NULL,
  user_id uuid NOT NULL,
  element_type text NOT NULL,
  content text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON app.content_edits (created_at);

CREATE TABLE app.sessions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL,
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_accessed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE app.api_keys (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL,
  last_used_at timestamptz,
  expires_at timestamptz,
  is_active boolean NOT NULL DEFAULT true
);

CREATE TABLE app.uploads (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL,
  site_id uuid NOT NULL,
  file_size bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE audit.change_log (
  table_name text NOT NULL,
  operation text NOT NULL,
  row_id uuid,
  changed_by uuid,
  changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON audit.change_log (changed_at);

CREATE TABLE analytics.daily_stats (
  date date PRIMARY KEY,
  total_users bigint,
  active_users bigint,
  total_edits bigint,
  total_sites bigint
);

-- The application sees the rows of the user that it acts for, and none before it has set that user.
ALTER TABLE app.users ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.sites ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.content_edits ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON app.users TO sightedit_app
  USING (id = nullif(current_setting('app.user_id', true), '')::uuid);
CREATE POLICY own_rows ON app.sites TO sightedit_app
  USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid);
CREATE POLICY own_rows ON app.content_edits TO sightedit_app
  USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid);
GRANT USAGE ON SCHEMA app TO sightedit_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA app TO sightedit_app;
RESET ROLE;
