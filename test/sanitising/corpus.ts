/**
 * Secrets and personal data as they reach logs, and texts that look like them. No value is real: the cards are those of
 * payment providers' test pages, the accounts those of the IBAN registry, the tokens alphabets. They are put together from
 * parts, so that no scanner takes them for leaked ones.
 */
export interface Case {
  readonly title: string;
  readonly text: string;
  /** Texts that must be gone. Blanks, hyphens and encodings do not matter. */
  readonly secrets: readonly string[];
}

const ALPHABET = 'aB3dE5fG7hJ9kL2mN4pQ6rS8tU1vW0xYzA7bC5dE3fG1hJ';
const HEX = '0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0';
const of = (...parts: readonly string[]) => parts.join('');
const json = (value: unknown) => JSON.stringify(value);

/** Fields with a secret value. */
const FIELDS: readonly (readonly [string, string])[] = [
  ['password', of('hun', 'ter2!')],
  ['DB_PASSWORD', of('s3cr', 'et-Pass.word')],
  ['userPasswd', of('correct', 'Horse7')],
  ['pwd', of('Tr0ub', '4dor&3').replace('&', '+')],
  ['new_password_confirmation', of('pass', 'Phrase99')],
  ['access_token', of('tok', 'AbCdEf0123456789')],
  ['refreshToken', of('rt-', ALPHABET)],
  ['client_secret', of('cs_', ALPHABET)],
  ['csrf', of('xs-', ALPHABET.slice(4, 30))],
  ['api_key', of('ak_', HEX.slice(0, 24))],
  ['X-Api-Key', of('key', HEX.slice(8, 32))],
  ['secretAccessKey', of('wJalr', 'XUtnFEMI/K7MDENG/bPxRfiCY', 'EXAMPLEKEY')],
  ['sessionid', of('sess', ALPHABET.slice(2, 28))],
];

const FIELD_CARRIERS: { readonly [title: string]: (name: string, value: string) => string } = {
  'key=value': (name, value) => `request failed ${name}=${value} status=500`,
  JSON: (name, value) => json({ level: 'info', [name]: value, status: 200 }),
  'JSON in JSON': (name, value) => json({ body: json({ user: 'u-7', [name]: value }) }),
  'JSON in JSON in JSON': (name, value) => json({ event: json({ body: json({ [name]: value, n: 1 }) }) }),
  URL: (name, value) => `GET /api/auth/login?next=home&${name}=${encodeURIComponent(value)}&v=2 HTTP/1.1`,
  'JSON in a URL': (name, value) => `GET /callback?state=${encodeURIComponent(json({ [name]: value }))} HTTP/1.1`,
  'escaped quotes': (name, value) => `payload={\\u0022${name}\\u0022:\\u0022${value}\\u0022}`,
  'stack trace': (name, value) =>
    `Error: upstream refused {"${name}":"${value}"}\n    at connect (/srv/app/db.js:12:3)\n    at main (/srv/app/index.js:4:1)`,
  'quoted value': (name, value) => `config ${name}="${value}" loaded`,
  'single quotes': (name, value) => `{'user': 'u-7', '${name}': '${value}'}`,
  HTML: (name, value) => `form &quot;${name}&quot;: &quot;${value}&quot; posted`,
};

/** Secrets that are known by their own form. */
const TOKENS: readonly (readonly [string, string])[] = [
  ['JWT', of('eyJ', 'hbGciOiJIUzI1NiJ9', '.eyJ', 'zdWIiOiIxMjM0NSJ9', '.dozjgNryP4J3jVmNHl0w5N')],
  ['AWS access key', of('AK', 'IA', 'IOSFODNN7EXAMPLE')],
  ['AWS temporary key', of('AS', 'IA', 'IOSFODNN7EXAMPLE')],
  ['GitHub token', of('gh', 'p_', ALPHABET.slice(0, 36))],
  ['GitHub server token', of('gh', 's_', ALPHABET.slice(0, 36))],
  ['GitHub fine-grained token', of('github', '_pat_', ALPHABET, '_', ALPHABET)],
  ['GitLab token', of('gl', 'pat-', ALPHABET.slice(0, 20))],
  ['Slack bot token', of('xo', 'xb-', '123456789012-', ALPHABET.slice(0, 24))],
  ['Slack app token', of('xa', 'pp-1-', ALPHABET.slice(0, 30))],
  ['Slack webhook', of('https://hooks.slack', '.com/services/T00000000/B00000000/', ALPHABET.slice(0, 24))],
  ['Stripe key', of('sk', '_live_', ALPHABET.slice(0, 24))],
  ['Stripe webhook secret', of('wh', 'sec_', ALPHABET.slice(0, 32))],
  ['Google API key', of('AI', 'za', ALPHABET.slice(0, 35))],
  ['Google access token', of('ya', '29.', ALPHABET)],
  ['Google client secret', of('GOC', 'SPX-', ALPHABET.slice(0, 28))],
  ['SendGrid key', of('S', 'G.', ALPHABET.slice(0, 22), '.', ALPHABET.slice(0, 43))],
  ['npm token', of('np', 'm_', ALPHABET.slice(0, 36))],
  ['PyPI token', of('py', 'pi-', 'AgEIcHlwaS5vcmcC', ALPHABET)],
  ['Docker token', of('dc', 'kr_pat_', ALPHABET.slice(0, 27))],
  ['OpenAI key', of('s', 'k-proj-', ALPHABET)],
  ['Hugging Face token', of('h', 'f_', ALPHABET.slice(0, 34))],
  ['Shopify token', of('sh', 'pat_', HEX.slice(0, 32))],
  ['DigitalOcean token', of('do', 'p_v1_', HEX)],
  ['Vault token', of('hv', 's.', ALPHABET)],
  ['New Relic key', of('NR', 'AK-', ALPHABET.slice(0, 27).toUpperCase())],
  ['Sentry token', of('sn', 'trys_', ALPHABET)],
  ['Grafana token', of('gl', 'sa_', ALPHABET.slice(0, 32), '_1a2b3c4d')],
  ['Linear key', of('lin', '_api_', ALPHABET.slice(0, 40))],
  ['Mailgun key', of('ke', 'y-', HEX.slice(0, 32))],
  ['Telegram bot token', of('123456789', ':AA', ALPHABET.slice(0, 33))],
];

const TOKEN_CARRIERS: { readonly [title: string]: (value: string) => string } = {
  text: (value) => `vendor answered 401 for ${value} after 3 attempts`,
  JSON: (value) => json({ level: 'warn', message: `sent ${value}`, attempt: 3 }),
  'JSON in JSON': (value) => json({ request: json({ auth: value }) }),
  'stack trace': (value) => `TypeError: bad credential\n    credential ${value}\n    at send (/srv/app/vendor.js:10:2)`,
};

const CARDS = [
  of('4111', '1111', '1111', '1111'),
  of('4012', '8888', '8888', '1881'),
  of('5555', '5555', '5555', '4444'),
  of('2223', '0031', '2200', '3222'),
  of('6011', '1111', '1111', '1117'),
  of('3530', '1113', '3330', '0000'),
];
const AMEX = of('3782', '822463', '10005');
const groups = (digits: string, separator: string) => digits.match(/.{4}/g)!.join(separator);

const CARD_CARRIERS: { readonly [title: string]: (digits: string) => string } = {
  text: (digits) => `charged ${digits} for order 1001`,
  blanks: (digits) => `charged ${groups(digits, ' ')}, order 1001`,
  hyphens: (digits) => `charged ${groups(digits, '-')}.`,
  'JSON number': (digits) => `{"card":${digits},"order":1001}`,
  'JSON text': (digits) => json({ message: `card ${groups(digits, ' ')} declined` }),
  'JSON in JSON': (digits) => json({ body: `{"pan":${digits},"amount":5}` }),
  URL: (digits) => `POST /pay?pan=${digits}&amount=5 HTTP/1.1`,
  'URL with blanks': (digits) => `POST /pay?pan=${groups(digits, '%20')}&amount=5 HTTP/1.1`,
  'after an escape': (digits) => `{"message":"numbers:\\n${digits}\\nend"}`,
};

const IBANS = [
  of('DE89', '3704', '0044', '0532', '0130', '00'),
  of('GB29', 'NWBK', '6016', '1331', '9268', '19'),
  of('FR14', '2004', '1010', '0505', '0001', '3M02', '606'),
  of('NL91', 'ABNA', '0417', '1643', '00'),
  of('CH93', '0076', '2011', '6238', '5295', '7'),
  of('TR33', '0006', '1005', '1978', '6457', '8413', '26'),
];
const IBAN_CARRIERS: { readonly [title: string]: (iban: string) => string } = {
  text: (iban) => `transfer from ${iban} received`,
  blanks: (iban) => `transfer from ${iban.match(/.{1,4}/g)!.join(' ')} received`,
  JSON: (iban) => json({ message: 'payout', iban }),
  URL: (iban) => `GET /accounts?iban=${iban}&page=1 HTTP/1.1`,
};

const EMAILS = [
  'jane.doe@example.org',
  'j+tag@mail.example.co.uk',
  'o_brien%dev@sub.example.com',
  'müller@example.de',
  'ops-team@xn--bcher-kva.example',
];
const EMAIL_CARRIERS: { readonly [title: string]: (email: string) => string } = {
  text: (email) => `invitation sent to ${email}.`,
  JSON: (email) => json({ level: 'info', user: email, message: `hello <${email}>` }),
  URL: (email) => `GET /unsubscribe?mail=${email.replace('@', '%40')}&list=2 HTTP/1.1`,
  'escaped at sign': (email) => `{"user":"${email.replace('@', '\\u0040')}"}`,
  'after an escape': (email) => `{"message":"recipients:\\n${email}\\n"}`,
  'stack trace': (email) => `Error: no mailbox ${email}\n    at deliver (/srv/app/mail.js:3:1)`,
};

const PHONES = ['+49 30 901820', '+1 415-555-0132', '+442079460018', '+90 (212) 555 01 32'];
const PHONE_CARRIERS: { readonly [title: string]: (phone: string) => string } = {
  text: (phone) => `called ${phone}, no answer`,
  JSON: (phone) => json({ message: 'sms sent', to: phone }),
  URL: (phone) => `POST /sms?to=${encodeURIComponent(phone)}&id=9 HTTP/1.1`,
};

const PEM_BODY = ['MIIEowIBAAKCAQEA', ALPHABET, ALPHABET].join('');
const pem = (kind: string, separator: string) =>
  [of('-----BEGIN ', kind, 'PRIVATE KEY-----'), PEM_BODY, PEM_BODY, of('-----END ', kind, 'PRIVATE KEY-----')].join(
    separator,
  );

const SINGLE: readonly Case[] = [
  { title: 'PEM', text: `loaded\n${pem('RSA ', '\n')}\nfrom disk`, secrets: [PEM_BODY] },
  { title: 'PEM of EC', text: pem('EC ', '\n'), secrets: [PEM_BODY] },
  { title: 'PEM in JSON', text: json({ key: pem('', '\n') }), secrets: [PEM_BODY] },
  { title: 'PEM in JSON in JSON', text: json({ body: json({ key: pem('', '\n') }) }), secrets: [PEM_BODY] },
  { title: 'PEM cut off', text: json({ key: pem('', '\n').slice(0, 90) }), secrets: [PEM_BODY.slice(0, 30)] },
  {
    title: 'age',
    text: of('AGE-SECRET', '-KEY-1', 'QQPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L'.repeat(2)),
    secrets: ['QQPZRY9X8'],
  },
  ...['Bearer', 'bearer'].flatMap((scheme) => [
    {
      title: `${scheme} header`,
      text: `Authorization: ${scheme} ${of('mF_9', '.B5f-4.1JqM')}`,
      secrets: [of('mF_9', '.B5f-4.1JqM')],
    },
    {
      title: `${scheme} alone`,
      text: json({ message: `sent ${scheme} ${of('abc', 'DEF123.456-xyz')} to api` }),
      secrets: [of('abc', 'DEF123.456-xyz')],
    },
  ]),
  { title: 'Basic header', text: 'authorization: Basic dXNlcjpwYXNzd29yZA==', secrets: ['dXNlcjpwYXNzd29yZA'] },
  {
    title: 'Basic in JSON',
    text: json({ headers: { authorization: 'Basic dXNlcjpwYXNz' } }),
    secrets: ['dXNlcjpwYXNz'],
  },
  {
    title: 'Digest',
    text: 'Authorization: Digest username=Mufasa, nonce=dcd98b7102dd, response=6629fae49393a05397',
    secrets: ['6629fae49393a05397'],
  },
  {
    title: 'AWS signature',
    text: of(
      'Authorization: AWS4-HMAC-SHA256 Credential=AK',
      'IAIOSFODNN7EXAMPLE/20261130, Signature=fe5f80f77d5fa3be',
    ),
    secrets: ['fe5f80f77d5fa3be', 'IOSFODNN7EXAMPLE'],
  },
  { title: 'raw headers', text: json(['authorization', 'Bearer zz9pluralZ', 'host', 'a']), secrets: ['zz9pluralZ'] },
  { title: 'Cookie', text: 'Cookie: sid=Fe26.2abc; theme=dark; cart=77aa', secrets: ['Fe26.2abc', '77aa'] },
  { title: 'Set-Cookie', text: json({ 'set-cookie': 'sid=Fe26.2abc; Path=/' }), secrets: ['Fe26.2abc'] },
  {
    title: 'session of PHP',
    text: 'GET /?PHPSESSID=r2t5uvjq435r4q7ib3vtdjq120 HTTP/1.1',
    secrets: ['r2t5uvjq435r4q7ib3vtdjq120'],
  },
  { title: 'database URL', text: of('postgres://app:', 's3cretPw', '@db:5432/app'), secrets: ['s3cretPw'] },
  { title: 'redis URL', text: of('redis://:', 'r3disPw', '@cache:6379/0 refused'), secrets: ['r3disPw'] },
  { title: 'URL in JSON', text: json({ dsn: of('amqp://guest:', 'gu3stPw', '@mq/') }), secrets: ['gu3stPw'] },
  { title: 'escaped slashes', text: of('{"u":"https:\\/\\/bob:', 'b0bPw', '@example.org\\/"}'), secrets: ['b0bPw'] },
  { title: 'encoded URL', text: of('next=https%3A%2F%2Fbob%3A', 'b0bPw', '%40example.org'), secrets: ['b0bPw'] },
  {
    title: 'Sentry DSN',
    text: of('https://', HEX.slice(0, 32), '@o1.ingest.sentry.io/1'),
    secrets: [HEX.slice(0, 32)],
  },
  { title: 'SQL', text: "ALTER ROLE app WITH PASSWORD 'n3wPw!'", secrets: ['n3wPw!'] },
  { title: 'MySQL', text: "CREATE USER a IDENTIFIED BY 'mysqlPw1'", secrets: ['mysqlPw1'] },
  { title: 'command', text: 'exec: mysqldump --password hunter22 --all', secrets: ['hunter22'] },
  { title: 'command with =', text: 'exec: app --db-password=hunter22 --port=1', secrets: ['hunter22'] },
  { title: 'curl', text: 'exec: curl -s -u bob:b0bPw99 https://api.example.org', secrets: ['b0bPw99'] },
  { title: 'YAML', text: 'database:\n  password: yamlPw1\n  host: db', secrets: ['yamlPw1'] },
  { title: 'XML', text: '<login><password>xmlPw1</password></login>', secrets: ['xmlPw1'] },
  { title: 'XML in JSON', text: '{"m":"\\u003cpassword\\u003exmlPw1\\u003c/password\\u003e"}', secrets: ['xmlPw1'] },
  { title: 'number', text: '{"password":90210731,"user":"a"}', secrets: ['90210731'] },
  { title: 'number in JSON in JSON', text: json({ b: '{"password":90210731}' }), secrets: ['90210731'] },
  { title: 'list', text: json({ passwords: 1, password: ['listPw1', 'listPw2'] }), secrets: ['listPw1', 'listPw2'] },
  { title: 'Ruby', text: '{"password"=>"rubyPw1", "id"=>"1"}', secrets: ['rubyPw1'] },
  { title: 'form fields', text: json([{ name: 'password', value: 'formPw1' }]), secrets: ['formPw1'] },
  { title: 'card code', text: json({ cvv: '713', cvc2: '7139' }), secrets: ['713'] },
  { title: 'SAS URL', text: `GET /blob?sv=2026&sig=${of('Ab9', '%2FcD3%3D')}&se=1`, secrets: ['Ab9', 'cD3'] },
  { title: 'OAuth code', text: 'GET /cb?code=4%2F0AX4XfWh9&scope=a', secrets: ['0AX4XfWh9'] },
  { title: 'presigned URL', text: 'GET /b?X-Amz-Signature=9f8e7d6c5b4a&X-Amz-Expires=60', secrets: ['9f8e7d6c5b4a'] },
  { title: 'Discord webhook', text: `POST /api/webhooks/1234567890/${ALPHABET}`, secrets: [ALPHABET] },
  { title: 'Amex', text: `charged ${AMEX} once`, secrets: [AMEX] },
  { title: 'Amex with blanks', text: 'charged 3782 822463 10005 once', secrets: [AMEX] },
  { title: 'Diners', text: `charged ${of('3056', '930902', '5904')}`, secrets: [of('3056', '930902', '5904')] },
  { title: 'two cards', text: `from ${CARDS[0]} to ${CARDS[2]}`, secrets: [CARDS[0]!, CARDS[2]!] },
  { title: 'card behind an order', text: `order 4111111111111112 card ${CARDS[1]}`, secrets: [CARDS[1]!] },
  { title: 'two phones', text: '+49301234567,+49301234568', secrets: ['1234567', '1234568'] },
  { title: 'two e-mails', text: 'a.b@example.org;c.d@example.org', secrets: ['a.b@', 'c.d@'] },
  { title: 'US phone', text: 'call 415-555-2671 today', secrets: ['415-555-2671'] },
  { title: 'US phone in brackets', text: json({ m: 'call (415) 555-2671' }), secrets: ['555-2671'] },
  { title: 'phone field', text: json({ phoneNumber: '030 901820' }), secrets: ['901820'] },
  { title: 'phone number in JSON', text: '{"phone":4930901820}', secrets: ['4930901820'] },
  { title: 'mobile in a URL', text: 'GET /users?mobile=01701234567&x=1', secrets: ['01701234567'] },
];

function carried<Value>(
  kind: string,
  values: readonly Value[],
  carriers: { readonly [title: string]: (value: Value) => string },
  secretOf: (value: Value) => string,
): readonly Case[] {
  return values.flatMap((value) =>
    Object.entries(carriers).map(([title, carry]) => ({
      title: `${kind} ${secretOf(value).slice(0, 4)}… as ${title}`,
      text: carry(value),
      secrets: [secretOf(value)],
    })),
  );
}

/** Secrets and personal data. */
export const SECRETS: readonly Case[] = [
  ...Object.entries(FIELD_CARRIERS).flatMap(([title, carry]) =>
    FIELDS.map(([name, value]) => ({ title: `${name} as ${title}`, text: carry(name, value), secrets: [value] })),
  ),
  ...Object.entries(TOKEN_CARRIERS).flatMap(([title, carry]) =>
    TOKENS.map(([name, value]) => ({ title: `${name} as ${title}`, text: carry(value), secrets: [value] })),
  ),
  ...carried('card', CARDS, CARD_CARRIERS, (digits) => digits),
  ...carried('IBAN', IBANS, IBAN_CARRIERS, (iban) => iban),
  ...carried('e-mail', EMAILS, EMAIL_CARRIERS, (email) => email.slice(0, email.indexOf('@'))),
  ...carried('phone', PHONES, PHONE_CARRIERS, (phone) => phone.slice(-6)),
  ...SINGLE,
];

const numbers = (count: number, make: (index: number) => string) => Array.from({ length: count }, (_, i) => make(i));
/** Hexadecimal digits without a pattern, the same in each run. */
const hash = (seed: number, length: number) =>
  Array.from({ length }, (_, i) => {
    const mixed = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(i + 1, 0x85ebca6b);
    return (Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> 28).toString(16);
  }).join('');

/** Texts that must stay as they are. */
export const LOOK_ALIKES: readonly string[] = [
  ...numbers(25, (i) => `request ${[8, 4, 4, 4, 12].map((n, k) => hash(i + k, n)).join('-')} took 12 ms`),
  ...numbers(15, (i) => json({ trace_id: hash(i, 32), span_id: hash(i + 3, 16), message: 'saved' })),
  ...numbers(12, (i) => `image app@sha256:${hash(i, 64)} pulled`),
  ...numbers(12, (i) => `deployed commit ${hash(i, 40)} (${hash(i, 7)})`),
  ...numbers(8, (i) => `order ${4111111111111112 + i * 10} shipped`),
  ...numbers(6, (i) => json({ orderId: 5500000000000000 + i, message: 'order 4000-1234-5678-9012' })),
  ...numbers(10, (i) => `invoice INV-2026-${String(i * 37).padStart(6, '0')} of customer 100${i}234`),
  ...numbers(
    12,
    (i) =>
      `at ${1796058818000 + i * 977} ms, ${1796058818000000 + i} us, ${1796058818}${String(i).padStart(9, '0')} ns`,
  ),
  ...numbers(10, (i) => json({ timestamp: 1796058818000 + i, duration: i * 3.5, size: 40960000 + i })),
  ...numbers(15, (i) => `upgraded from v1.${i}.${i * 3} to ${i}.2.3-rc.${i}+build.2026113${i % 10}`),
  ...numbers(10, (i) =>
    `npm package @sightedit/core ${i}.0.1 and redis:7.${i}-alpine`.replace('@sightedit/', 'sightedit/'),
  ),
  ...numbers(
    15,
    (i) => `2026-11-${String(i + 10)}T10:00:00.123456789+02:00 INFO started on 2026-11-30 10:00:00,${100 + i}`,
  ),
  ...numbers(
    8,
    (i) => `203.0.113.${i} - - [30/Nov/2026:10:00:00 +0000] "GET /a/${i} HTTP/1.1" 200 5${i} "-" "curl/8.${i}"`,
  ),
  ...numbers(8, (i) => `pod sightedit-backend-7d9f5c6b8d-abcd${i} on ip-10-0-${i}-7.ec2.internal 10.0.${i}.7:3000`),
  ...numbers(8, (i) => `mac 00:1a:2b:3c:4d:5${i} inode 4026531${840 + i} pid 2${i}41`),
  ...numbers(6, (i) => `reference DE88370400440532013${String(i).padStart(3, '0')} is no account`),
  ...numbers(6, (i) => `GET /static/app.${hash(i, 8)}.js?v=2026113${i} HTTP/2`),
  'password reset page rendered',
  'user changed the password successfully',
  'token expired, log in again',
  'total_tokens=512 prompt_tokens=128',
  '{"tokens":512,"max_tokens":1024,"token_type":"bearer"}',
  '{"passwordless":true,"passwordResetRequired":false}',
  'primary key constraint users_pkey, foreign key orders_user_id_fkey',
  'keyboard=us monkey=1 keyframes=12',
  'bearer authentication is required',
  'basic authentication failed for realm admin',
  'the cookie banner was accepted, no cookies set',
  'author=jane authority=high authenticated=true',
  'Unexpected token < in JSON at position 0',
  'secretary assigned, secrets manager healthy',
  'see https://docs.example.org/auth/tokens#refresh for help',
  'ssh git@github.com denied'.replace('git@github.com', 'to host'),
  'compass=north bypass=false passport=none passed=12 failed=0',
  'GET /api/keys?page=2&limit=20 HTTP/1.1',
  'exit code=137 signal=9 errno=104 http_code=503',
  'ratio 4.1111 5555.4444 6011/1117 and 3782 of 8224',
  'range 4000-4999 5000-5999 and 2026-2027',
  'coordinates +52.5200 +13.4050 offset +0200',
  'phoneme analysis done, microphone=off, telemetry: on',
  'isbn 978-3-16-148410-0 ean 4006381333931',
  'sku-4111-AB-1111 batch 20261130-1234',
  'cron 0 30 9 * * 1-5 next 2026-12-01',
  'memory 4294967296 of 8589934592 bytes',
  'select * from users where id = 12345678901234',
];

/** What is left of a text if it is compared with a secret: without separators and encodings. */
export function squeezed(text: string): string {
  return text.replaceAll(/%20|[\s+-]/g, '');
}

/** Secrets of a case that are still in a text. */
export function leaks({ secrets }: Case, text: string): readonly string[] {
  const decoded = text
    .replaceAll(/\\+u00([0-9a-f]{2})/g, '%$1')
    .replaceAll(/%([0-9a-f]{2})/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
  return secrets.filter((secret) => [text, decoded].some((each) => squeezed(each).includes(squeezed(secret))));
}
