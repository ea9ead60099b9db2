import type { PoolClient } from 'pg';
import { pool } from './monitoring';

/** Runs statements as a user: row level security shows the rows of that user only. */
export async function asUser<T>(userId: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query("SELECT set_config('app.user_id', $1, true)", [userId]);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}

/** Creates a user with a site. */
export async function createUser(email: string): Promise<string> {
  const { rows } = await pool.query<{ id: string }>('SELECT gen_random_uuid() AS id');
  const id = rows[0]!.id;
  await asUser(id, async (client) => {
    await client.query('INSERT INTO app.users (id, email, is_verified, last_login) VALUES ($1, $2, true, now())', [
      id,
      email,
    ]);
    await client.query('INSERT INTO app.sites (id, user_id, domain) VALUES ($1, $1, $2)', [id, 'site.example.invalid']);
  });
  return id;
}

/** Whether a user exists. */
export function userExists(id: string): Promise<boolean> {
  return asUser(id, async (client) => {
    const { rowCount } = await client.query('UPDATE app.users SET last_login = now() WHERE id = $1', [id]);
    return rowCount === 1;
  });
}

/** Starts a session of a user. */
export async function createSession(userId: string): Promise<string> {
  const { rows } = await pool.query<{ id: string }>(
    "INSERT INTO app.sessions (user_id, expires_at) VALUES ($1, now() + interval '1 hour') RETURNING id",
    [userId],
  );
  return rows[0]!.id;
}

/** The user of a session. */
export async function userOf(sessionId: string): Promise<string | undefined> {
  const { rows } = await pool.query<{ user_id: string }>(
    'UPDATE app.sessions SET last_accessed_at = now() WHERE id = $1 AND expires_at > now() RETURNING user_id',
    [sessionId],
  );
  return rows[0]?.user_id;
}

/** Stores an edit. */
export async function saveEdit(userId: string, type: string, content: string): Promise<void> {
  await asUser(userId, (client) =>
    client.query('INSERT INTO app.content_edits (site_id, user_id, element_type, content) VALUES ($1, $1, $2, $3)', [
      ...[userId, type, content],
    ]),
  );
}
