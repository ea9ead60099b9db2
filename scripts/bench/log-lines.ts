/** Bytes of a line, without what the container runtime writes before it. */
export const LINE_BYTES = 300;

/** One line in this many has something to mask. */
export const MASKED_EVERY = 20;

const FILL = 'the quick brown fox jumps over the lazy dog ';

const SECRETS = [
  'card 4111 1111 1111 1111',
  'Authorization: Bearer abcDEF123.456-xyz',
  'mail jane.doe@example.co.uk',
  'password=hunter2secret',
  'call +49 30 901820',
];

/** Half of the lines are JSON, a quarter are nginx's access log, a quarter are text. */
export function benchLine(index: number, now: number): string {
  const secret = index % MASKED_EVERY === 0 ? SECRETS[(index / MASKED_EVERY) % SECRETS.length]! : '';
  const id = hexadecimal(index, 32);
  const time = new Date(now + index).toISOString();
  if (index % 2 === 0) {
    const fields = {
      timestamp: time,
      level: index % 6 === 0 ? 'error' : 'info',
      message: `request done in ${index % 300} ms ${secret}`,
      component: 'api',
      trace_id: id,
      span_id: id.slice(16),
      user_id: `u-${index % 100}`,
      route: '/api/save',
    };
    const missing = Math.max(0, LINE_BYTES - JSON.stringify({ ...fields, note: '' }).length);
    return JSON.stringify({ ...fields, note: FILL.repeat(8).slice(0, missing) });
  }
  const line =
    index % 4 === 1
      ? `203.0.113.${index % 250} - - [30/Nov/2026:10:00:00 +0000] "GET /api/schema/hero-${index % 900}?lang=en HTTP/1.1" 200 ${index % 9000} "https://www.example.org/edit/${index % 900}" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36" 0.0${index % 90} ${secret} rid=${id} `
      : `${time} INFO  worker handled job ${id.slice(0, 8)} for tenant t${index % 50} in ${index % 300} ms ${secret} status=ok queue=default attempt=1 host=node-${index % 9} `;
  return line.padEnd(LINE_BYTES, FILL).slice(0, LINE_BYTES);
}

function hexadecimal(seed: number, length: number): string {
  return Array.from({ length: length / 8 }, (_, i) =>
    (Math.imul(seed + 1, 0x9e3779b1 + i * 0x85ebca6b) >>> 0).toString(16).padStart(8, '0'),
  ).join('');
}
