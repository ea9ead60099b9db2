import express from 'express';
import { Pool } from 'pg';

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

/** The routes of `npm run bench:instrumentation` without the library: the statements are those of `app.ts`. */
express()
  .disable('x-powered-by')
  .get('/health', (_request, response) => response.json({ status: 'ok' }))
  .use(express.json({ limit: '1mb' }))
  .post('/api/save', (request, response, next) => {
    const { type, content } = request.body as { type: string; content: string };
    save(request.get('x-session-id') ?? '', type, content).then(() => response.json({ saved: true }), next);
  })
  .listen(Number(process.env.PORT ?? 3000));

async function save(session: string, type: string, content: string): Promise<void> {
  const { rows } = await pool.query<{ user_id: string }>(
    'UPDATE app.sessions SET last_accessed_at = now() WHERE id = $1 AND expires_at > now() RETURNING user_id',
    [session],
  );
  const user = rows[0]?.user_id;
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query("SELECT set_config('app.user_id', $1, true)", [user]);
    await client.query(
      'INSERT INTO app.content_edits (site_id, user_id, element_type, content) VALUES ($1, $1, $2, $3)',
      [user, type, content],
    );
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}
