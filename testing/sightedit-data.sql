-- A thousand users, two thousand sites and a million edits of ninety days, in one statement. The audit trail has the
-- rows of the last day. The newest rows are a minute old, as if the application had just stopped.
WITH users AS (
  INSERT INTO app.users (id, email, is_active, is_verified, last_login, created_at)
  SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'user-' || n || '@example.invalid',
    n % 10 <> 0, n % 4 <> 0, now() - n * interval '1 hour', now() - interval '100 days'
  FROM generate_series(1, 1000) AS n
), sites AS (
  INSERT INTO app.sites (id, user_id, domain, is_active, created_at)
  SELECT ('00000000-0000-4000-9000-' || lpad(n::text, 12, '0'))::uuid,
    ('00000000-0000-4000-8000-' || lpad((1 + n % 1000)::text, 12, '0'))::uuid,
    'site-' || n || '.example.invalid', n % 5 <> 0, now() - interval '95 days'
  FROM generate_series(1, 2000) AS n
), edits AS (
  INSERT INTO app.content_edits (site_id, user_id, element_type, content, created_at)
  SELECT ('00000000-0000-4000-9000-' || lpad((1 + n % 2000)::text, 12, '0'))::uuid,
    ('00000000-0000-4000-8000-' || lpad((1 + n % 1000)::text, 12, '0'))::uuid,
    (ARRAY['text', 'richtext', 'image', 'link', 'color', 'number', 'date', 'select', 'json', 'collection', 'hologram'])[1 + n % 11],
    'a sentence that somebody wrote', now() - interval '1 minute' - n * interval '7.776 seconds'
  FROM generate_series(0, 999999) AS n
  RETURNING id, created_at
), audited AS (
  INSERT INTO audit.change_log (table_name, operation, row_id, changed_at)
  SELECT 'content_edits', 'INSERT', id, created_at FROM edits WHERE created_at >= now() - interval '1 day'
), sessions AS (
  INSERT INTO app.sessions (user_id, expires_at, last_accessed_at)
  SELECT ('00000000-0000-4000-8000-' || lpad((1 + n % 1000)::text, 12, '0'))::uuid,
    now() + (n % 3 - 1) * interval '1 hour' + interval '1 minute', now() - (n % 2) * interval '10 minutes'
  FROM generate_series(1, 3000) AS n
), api_keys AS (
  INSERT INTO app.api_keys (user_id, last_used_at, expires_at, is_active)
  SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, now() - (n % 3) * interval '1 day',
    CASE WHEN n % 7 = 0 THEN now() - interval '1 day' END, n % 11 <> 0
  FROM generate_series(1, 500) AS n
)
INSERT INTO app.uploads (user_id, site_id, file_size, created_at)
SELECT ('00000000-0000-4000-8000-' || lpad((1 + n % 1000)::text, 12, '0'))::uuid,
  ('00000000-0000-4000-9000-' || lpad((1 + n % 2000)::text, 12, '0'))::uuid, 1000, now() - n * interval '10 minutes'
FROM generate_series(0, 9999) AS n;

ANALYZE;
