import { login, many, request, type Session, type SessionLine, securityEvent } from './session';

/** Texts that people look for. They resemble attacks. */
const SEARCHES: { readonly [name: string]: readonly string[] } = {
  'the word select': [
    'select',
    'how to select a theme',
    'select * from users',
    'select all images',
    'select box from list',
  ],
  'SQL for learners': [
    'sql union vs join',
    'difference between union and union all',
    'insert into table syntax',
    'where 1=1 meaning',
    'drop table if exists',
  ],
  'furniture and unions': [
    'drop-leaf table',
    'union square select hotels',
    'table and chairs or sofa',
    'credit union select account',
  ],
  apostrophes: [
    "O'Brien",
    "D'Angelo and sons",
    "rock 'n' roll",
    "l'or et l'argent",
    "it's or its",
    "Levi's and Wrangler's",
  ],
  'quoted phrases': [
    '"exact phrase" and other',
    "'single' or 'double' quotes",
    '"to be or not to be"',
    '"and" "or" "not"',
  ],
  'the tag script in Markdown': [
    '`<script>` tag',
    'why does <script> need defer',
    '<script setup> vue 3',
    '<script type="module">',
    '```html <script></script> ```',
  ],
  'other tags': [
    '<h1> vs <h2>',
    'center a <div>',
    '<img> alt text',
    '<svg> icons',
    'nested <a> elements',
    '<iframe> responsive',
  ],
  JavaScript: [
    'javascript: the good parts',
    'javascript alert box',
    'onclick vs addEventListener',
    'img onerror fallback',
    'document.cookie explained',
    'onload event order',
  ],
  paths: [
    '/etc/hosts explained',
    'what is /etc/passwd for',
    '../ in relative links',
    'windows/system32 folder',
    '.env file example',
    'C:\\Users folder',
  ],
  shell: [
    'cat food; dog food',
    'curl or wget',
    'ls -la meaning',
    'sleep 8 hours',
    'tom && jerry',
    'ping pong table',
    'id card; passport',
    'bash; zsh; fish',
  ],
  templates: [
    '{{name}} in handlebars',
    '${price} placeholder',
    'mustache {{#each}}',
    'jinja {% block %}',
    'angular {{ title }}',
    'price {5} {6}',
  ],
  mathematics: [
    '1=1',
    'a < b and c > d',
    '7*7',
    '2+2=4 or 5',
    'x=5 or y=6',
    '50% off',
    '(a or b) and c',
    '3 > 2 or 1 < 4',
  ],
  'comments and dashes': ['foo -- bar', '/* comment */ in css', 'C# or F#', 'a--b', '#hashtag', "let's go -- now"],
  'prices and dates': ['price>=10', '2026-12-01..2026-12-31', '10% or 20%', '€50; £40', '24/7'],
  'other languages': [
    "aujourd'hui ou demain",
    'größe auswählen',
    '选择 主题',
    'выбрать тему',
    "l'union européenne",
    'où sont les tables',
  ],
  'names of companies': [
    "Ben & Jerry's",
    'AT&T; Verizon',
    'Marks & Spencer (UK)',
    "Dunkin' Donuts",
    'Yahoo!',
    "Sotheby's or Christie's",
  ],
};

/** Requests of programs and pages, whose parameters resemble attacks. */
const REQUESTS: { readonly [name: string]: readonly string[] } = {
  'campaign links': [
    '/?utm_source=a%26b&utm_campaign=select%2Bsummer',
    '/?gclid=Cj0KCQ_-.%7E&fbclid=IwAR0',
    '/?ref=O%27Reilly',
  ],
  'a redirect after login': [
    '/login?next=%2Fdashboard%3Ftab%3D1%26id%3D2',
    '/login?redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb%3Fx%3D1',
    '/login?next=../settings',
  ],
  'filters in JSON': [
    '/api/list?filter=%7B%22a%22%3A%7B%22%24gt%22%3A5%7D%7D',
    '/api/list?filter={"or":[{"a":1},{"b":2}]}',
    '/api/list?sort=[["name","asc"]]',
  ],
  'filters in text': [
    '/api/list?where=price%3E10%20and%20stock%3C5',
    '/api/list?q=status:open+or+status:closed',
    '/api/list?order=by+name',
  ],
  base64: ['/i?d=PHN2Zz48L3N2Zz4=', '/i?d=c2VsZWN0ICogZnJvbSB1c2Vycw==', '/i?d=Jy0tIyI%2B'],
  'a preview of Markdown': [
    '/preview?md=Use+%60%3Cscript%3E%60+at+the+end',
    '/preview?md=%23+Title%0A%0A-+one%0A-+two',
    '/preview?md=**bold**+and+%3Cbr%3E',
  ],
  'images of a CDN': [
    '/img/w=200;h=100;fit=cover/a.jpg',
    '/img/a.jpg?size=1x;2x',
    '/fonts/a.woff2?v=1.2.3',
    '/a.js?v=../1',
  ],
  'old parameters': ['/p?a=1;b=2;id=3', '/p?cat=5&id=7&ls=1&env=prod', '/p?type=dir&sort=asc', '/p?w=100&h=50&ps=2'],
  maps: ['/map?bbox=1.5,2.5,3.5,4.5&z=10', '/map?q=41%C2%B024%2712.2%22N+2%C2%B010%2726.5%22E', '/map?q=5\'11"'],
  versions: ['/compare/v1.2...v1.3', '/compare/a..b', '/docs/1.x/../2.x', '/docs/etc/passwd-policy'],
  'a signed link': [
    '/f/a.zip?X-Amz-Signature=abc&X-Amz-Date=20261201T000000Z',
    '/f/a.zip?sig=%2Bab%2Fcd%3D%3D',
    '/f/a.zip?Expires=1&Key-Pair-Id=A',
  ],
  'typing ahead': ["/suggest?q=o'", "/suggest?q=o'b", "/suggest?q=o'br", "/suggest?q=o'bri", "/suggest?q=o'brien"],
};

const BOT = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
const PROBE = 'Blackbox Exporter/0.28.0';

const visitors: readonly Session[] = [
  ...Object.entries(SEARCHES).map(
    ([name, texts]) =>
      ({
        kind: 'searches',
        name,
        lines: ({ ip }) =>
          texts.flatMap((text) => [
            request(ip(), `/search?q=${encodeURIComponent(text)}`),
            request(ip(), `/search?q=${text.replaceAll(/[%#&]/g, encodeURIComponent).replaceAll(' ', '+')}`),
          ]),
      }) satisfies Session,
  ),
  ...Object.entries(REQUESTS).map(
    ([name, uris]) =>
      ({ kind: 'parameters', name, lines: ({ ip }) => uris.map((uri) => request(ip(), uri)) }) satisfies Session,
  ),
];

const clients: readonly Session[] = [
  {
    kind: 'programs',
    name: 'a monitoring probe',
    lines: ({ ip }) => many(24, () => request(ip(), '/status', { agent: PROBE })),
  },
  {
    kind: 'programs',
    name: 'a monitoring probe of three pages',
    lines: ({ ip }) =>
      many(60, (n) => request(ip(), ['/', '/status', '/health'][n % 3]!, { agent: 'UptimeRobot/2.0' })),
  },
  {
    kind: 'programs',
    name: 'a search engine',
    lines: ({ ip }) => many(90, (n) => request(ip(), `/blog/${n}`, { agent: BOT, status: n % 8 ? 200 : 404 })),
  },
  {
    kind: 'programs',
    name: 'a reader of feeds',
    lines: ({ ip }) => many(12, () => request(ip(), '/feed.xml', { status: 304, agent: 'Feedly/1.0' })),
  },
  {
    kind: 'programs',
    name: 'a link checker',
    lines: ({ ip }) =>
      many(70, (n) =>
        request(ip(), `/docs/${n}`, { method: 'HEAD', status: n < 15 ? 404 : 200, agent: 'LinkChecker/10.2' }),
      ),
  },
  {
    kind: 'programs',
    name: 'a deployment that clears caches',
    lines: ({ ip }) => many(50, (n) => request(ip(), `/app.${n}.js`, { method: 'PURGE', agent: 'curl/8.5.0' })),
  },
  {
    kind: 'programs',
    name: 'a phone that asks for icons',
    lines: ({ ip }) =>
      [
        '/favicon.ico',
        '/apple-touch-icon.png',
        '/apple-touch-icon-precomposed.png',
        '/.well-known/assetlinks.json',
      ].map((uri) => request(ip(), uri, { status: 404 })),
  },
  {
    kind: 'programs',
    name: 'a page with a broken image',
    lines: ({ ip }) => many(60, () => request(ip(), '/img/logo-old.png', { status: 404 })),
  },
  {
    kind: 'programs',
    name: 'one curious request',
    lines: ({ ip }) => [request(ip(), '/.env', { status: 404 }), request(ip(), '/wp-login.php', { status: 404 })],
  },
  {
    kind: 'programs',
    name: 'a page with many files',
    lines: ({ ip }) => [
      ...many(180, (n) => request(ip(), `/assets/chunk-${n}.js`)),
      ...many(90, (n) => request(ip(), `/img/${n}.webp`)),
    ],
  },
  {
    kind: 'programs',
    name: 'a download of one backup of their own',
    lines: ({ ip, account }) => [
      login(ip(), account(), 'success'),
      request(ip(), '/api/export/site.zip', { bytes: 120_000_000 }),
    ],
  },
  {
    kind: 'programs',
    name: 'a video',
    lines: ({ ip }) => many(3, () => request(ip(), '/media/tour.mp4', { bytes: 400_000_000 })),
  },
  {
    kind: 'programs',
    name: 'an export of a small site',
    lines: ({ account }) =>
      many(2, () => ({
        from: 'business',
        text: JSON.stringify({ log_type: 'business', event_name: 'content_export', user_id: account(), value: 900 }),
      })),
  },
];

const people: readonly Session[] = [
  {
    kind: 'logins',
    name: 'one mistake',
    lines: ({ ip, account }) => [login(ip(), account(), 'failure'), login(ip(), account(), 'success')],
  },
  {
    kind: 'logins',
    name: 'four mistakes',
    lines: ({ ip, account }) => [
      ...many(4, () => login(ip(), account(), 'failure')),
      login(ip(), account(), 'success'),
    ],
  },
  {
    kind: 'logins',
    name: 'a password manager that retries',
    lines: ({ ip, account }) => [
      ...many(3, () => login(ip(), account(), 'failure')),
      login(ip(), account(), 'success'),
      ...many(3, () => login(ip(), account(), 'success')),
    ],
  },
  {
    kind: 'logins',
    name: 'a password manager on two devices',
    lines: ({ ip, account }) => [
      ...many(4, (n) => login(ip(n % 2), account(), 'failure')),
      login(ip(), account(), 'success'),
    ],
  },
  {
    kind: 'logins',
    name: 'a forgotten password',
    lines: ({ ip, account }) => [
      ...many(4, () => login(ip(), account(), 'failure')),
      securityEvent('password_reset', {
        source_ip: ip(),
        user_id: account(),
        action: 'forgot-password',
        result: 'success',
      }),
      login(ip(), account(), 'success'),
    ],
  },
  {
    kind: 'logins',
    name: 'a family',
    lines: ({ ip, account }) => many(8, (n) => login(ip(), account(n % 3), n % 4 ? 'success' : 'failure')),
  },
  {
    kind: 'logins',
    name: 'a phone that moves between networks',
    lines: ({ ip, account }) => many(8, (n) => login(ip(n % 4), account(), n % 2 ? 'success' : 'failure')),
  },
  {
    kind: 'logins',
    name: 'an office in the morning',
    lines: ({ ip, account }) => [
      ...many(60, (n) => login(ip(), account(n), 'success')),
      ...many(3, (n) => login(ip(), account(n), 'failure')),
      ...many(80, (n) => request(ip(), `/edit/${n}`)),
    ],
  },
  {
    kind: 'logins',
    name: 'an office after a new password policy',
    lines: ({ ip, account }) => [
      ...many(20, (n) => login(ip(), account(n), 'failure')),
      ...many(40, (n) => login(ip(), account(n), 'success')),
    ],
  },
  {
    kind: 'logins',
    name: 'a campus',
    lines: ({ ip, account }) => [
      ...many(90, (n) => login(ip(n % 3), account(n), 'success')),
      ...many(12, (n) => login(ip(n % 3), account(n), 'failure')),
    ],
  },
  {
    kind: 'logins',
    name: 'visitors of a conference',
    lines: ({ ip, account }) => [
      ...many(30, (n) => login(ip(), account(n), 'success')),
      ...many(150, (n) => request(ip(), `/talks/${n % 20}`)),
    ],
  },
  {
    kind: 'logins',
    name: 'many people, each at home',
    lines: ({ ip, account }) => many(100, (n) => login(ip(n), account(n), n % 5 ? 'success' : 'failure')),
  },
];

const work: readonly Session[] = [
  {
    kind: 'work',
    name: 'saving',
    lines: ({ ip, account }) => many(40, (n) => application(`saved block ${n}`, account(), ip())),
  },
  {
    kind: 'work',
    name: 'a page about SQL',
    lines: ({ account, ip }) => [application("saved: SELECT * FROM users WHERE name = 'x' OR 1=1", account(), ip())],
  },
  {
    kind: 'work',
    name: 'a page about scripts',
    lines: ({ account, ip }) => [application('saved: <script>alert(1)</script> is dangerous', account(), ip())],
  },
  {
    kind: 'work',
    name: 'two refused requests',
    lines: ({ ip, account }) =>
      many(2, () =>
        securityEvent('unauthorized_access', {
          source_ip: ip(),
          user_id: account(),
          action: 'read',
          result: 'blocked',
        }),
      ),
  },
  {
    kind: 'work',
    name: 'a change of the profile',
    lines: ({ ip, account }) => [
      securityEvent('account', { source_ip: ip(), user_id: account(), action: 'profile.update', result: 'success' }),
      securityEvent('account', { source_ip: ip(), user_id: account(), action: 'password.change', result: 'success' }),
    ],
  },
  {
    kind: 'work',
    name: 'a refused change of a role',
    lines: ({ ip, account }) => [
      securityEvent('account', { source_ip: ip(), user_id: account(), action: 'role.grant', result: 'denied' }),
    ],
  },
  {
    kind: 'work',
    name: 'reading the audit log',
    lines: ({ ip, account }) => [
      securityEvent('account', { source_ip: ip(), user_id: account(), action: 'audit.read', result: 'success' }),
      { from: 'postgres', text: '2026-12-01 02:00:00 UTC [71] LOG:  statement: SELECT * FROM audit.change_log' },
    ],
  },
  {
    kind: 'work',
    name: 'a few errors',
    lines: ({ ip, account }) => [
      ...many(3, () => ({
        from: 'backend' as const,
        text: JSON.stringify({ level: 'error', message: `timeout of ${account()}` }),
      })),
      request(ip(), '/api/save', { status: 502 }),
    ],
  },
  {
    kind: 'work',
    name: 'requests beyond a limit',
    lines: ({ ip, account }) =>
      many(2, () =>
        securityEvent('rate_limit_violation', {
          source_ip: ip(),
          user_id: account(),
          action: 'save',
          result: 'blocked',
        }),
      ),
  },
  {
    kind: 'work',
    name: 'workers of nginx that end',
    lines: () => [{ from: 'cdn', text: '2026/12/01 02:00:00 [notice] 1#1: worker process 29 exited with code 0' }],
  },
];

function application(message: string, user_id: string, client: string): SessionLine {
  return {
    from: 'backend',
    text: JSON.stringify({
      timestamp: '2026-12-01T02:00:00Z',
      level: 'info',
      component: 'editor',
      message,
      user_id,
      client,
    }),
  };
}

/** Sessions of people and programs that do no harm. No alert may fire for them. */
export const BENIGN: readonly Session[] = [...visitors, ...clients, ...people, ...work];
