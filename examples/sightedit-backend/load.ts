/**
 * Plays editors, API clients, failing clients and attackers:
 *
 *   npm run example:load -- --url http://127.0.0.1:3000 --rate 20 --attackers 0.1 --seconds 60
 *
 * `rate` is in requests a second, `attackers` and `failures` are shares of them.
 */
const { argv } = process;
const option = (name: string, fallback: string): string => {
  const place = argv.indexOf(`--${name}`);
  return place < 0 ? fallback : (argv[place + 1] ?? fallback);
};

const url = option('url', 'http://127.0.0.1:3000').replace(/\/$/, '');
const rate = Number(option('rate', '10'));
const seconds = Number(option('seconds', '60'));
const attackers = Number(option('attackers', '0.05'));
const failures = Number(option('failures', '0.02'));
const password = process.env.DEMO_PASSWORD ?? 'not-a-real-password';

const TYPES = ['text', 'richtext', 'image', 'link', 'date'];
const ATTACKS = [
  "/api/schema/x?id=1'%20OR%201=1--",
  '/api/schema/x?q=%3Cscript%3Ealert(1)%3C/script%3E',
  '/api/schema/..%2f..%2fetc%2fpasswd',
];

const pick = <T>(values: readonly T[]): T => values[Math.floor(Math.random() * values.length)]!;
const statuses = new Map<number, number>();

/** Addresses for documentation stand for clients. Behind a load balancer, the header has the client's address. */
const client = (network: string) => `${network}.${1 + Math.floor(Math.random() * 250)}`;

async function send(method: string, path: string, from: string, body?: unknown, session?: string): Promise<Response> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...{ 'content-type': 'application/json', 'x-forwarded-for': from, 'user-agent': 'load generator' },
      ...(session ? { 'x-session-id': session } : {}),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
  return response;
}

/** Registers, logs in, opens an editor, saves, and logs out. */
async function edit(): Promise<void> {
  const from = client('203.0.113');
  const email = `editor-${Math.random().toString(36).slice(2)}@example.invalid`;
  const { user } = (await (await send('POST', '/api/auth/register', from, { email })).json()) as { user: string };
  const login = await send('POST', '/api/auth/login', from, { user, password });
  const { session } = (await login.json()) as { session: string };
  const type = pick(TYPES);
  await send('POST', `/api/activate/${type}`, from, undefined, session);
  await send('POST', '/api/save', from, { type, content: "It is 5 o'clock." }, session);
  await send('POST', '/api/pay', from, { currency: pick(['EUR', 'USD']) }, session);
  await send('POST', '/api/auth/logout', from, undefined, session);
}

async function play(): Promise<void> {
  const dice = Math.random();
  if (dice < attackers) {
    const from = client('198.51.100');
    await send('GET', pick(ATTACKS), from);
    await send('POST', '/api/auth/login', from, { user: 'admin', password: 'guess' });
  } else if (dice < attackers + failures) {
    await send('POST', '/api/save', client('203.0.113'), { type: 'text' });
  } else if (dice < 0.5) {
    await send('GET', `/api/schema/sight-${Math.floor(Math.random() * 20)}`, client('203.0.113'));
  } else {
    await edit();
  }
}

async function run(): Promise<void> {
  const until = Date.now() + seconds * 1_000;
  let unreachable = 0;
  while (Date.now() < until) {
    play().catch(() => {
      unreachable += 1;
    });
    await new Promise((resolve) => setTimeout(resolve, 1_000 / rate));
  }
  console.log(Object.fromEntries([...statuses].sort(([one], [other]) => one - other)), { unreachable });
}

void run();
