import { Client } from 'pg';
import type { Role } from '../../../testing/postgres';

/** An open session of an application. */
export interface Session {
  readonly pid: number;
  readonly client: Client;
}

const open = new Set<Client>();

/** Ends all open sessions. */
export async function endSessions(): Promise<void> {
  await Promise.all([...open].map((client) => client.end().catch(() => {})));
  open.clear();
}
if ('afterAll' in globalThis) {
  afterAll(endSessions);
}

/** State in which a session is left. */
const STATEMENTS = {
  idle: [],
  'idle in transaction': ['BEGIN', 'SELECT 1'],
  // An application that does not roll back after an error.
  'idle in transaction (aborted)': ['BEGIN', 'SELECT 1 / 0'],
} as const;

/** Opens a session and abandons it in a state. */
export async function openSession(
  { port, tls = true }: { readonly port: number; readonly tls?: boolean },
  { user, password }: Role,
  database: string,
  state: keyof typeof STATEMENTS | 'active',
): Promise<Session> {
  const client = new Client({
    ...{ host: '127.0.0.1', port, database, user, password },
    ssl: tls && { rejectUnauthorized: false },
  });
  client.on('error', () => {}); // The tests end sessions from outside.
  await client.connect();
  open.add(client);
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  for (const statement of state === 'active' ? ['BEGIN'] : STATEMENTS[state]) {
    await client.query(statement).catch(() => {});
  }
  if (state === 'active') {
    client.query('SELECT pg_sleep(120)').catch(() => {}); // An active transaction; it ends with the test.
  }
  return { pid: rows[0].pid, client };
}
