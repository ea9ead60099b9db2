import { createServer } from 'node:http';
import { collectDefaultMetrics, Histogram, register } from 'prom-client';

/**
 * A service with a memory leak that can be switched on. It runs in a separate process, bundled by
 * `buildLeakyService()`.
 *
 *     GET  /health/ready   200 once it answers
 *     GET  /metrics        the process and request metrics of every SightEdit service
 *     POST /leak?mebibytes=120
 *                          grow to that resident set, at most 150
 *
 * Environment: POD_IP and PORT, where it listens.
 */
const MEBIBYTE = 1024 * 1024;
const LARGEST_MEBIBYTES = 150;
const STEP_MEBIBYTES = 4;
const STEP_MS = 50;

const kept: Buffer[] = [];
let target = 0;

function leak(): void {
  const mebibytes = process.memoryUsage.rss() / MEBIBYTE;
  if (mebibytes < Math.min(target, LARGEST_MEBIBYTES)) {
    // Filled, because untouched memory does not count as resident.
    kept.push(Buffer.alloc(STEP_MEBIBYTES * MEBIBYTE, 1));
  }
}

collectDefaultMetrics();
setInterval(leak, STEP_MS);
const durations = new Histogram({
  name: 'http_server_request_duration_seconds',
  help: 'Duration of HTTP requests.',
  labelNames: ['http_route', 'http_request_method', 'http_response_status_code'],
});
const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const measured = durations.startTimer({ http_route: pathname, http_request_method: request.method });
  response.once('finish', () => measured({ http_response_status_code: response.statusCode }));
  if (pathname === '/metrics') {
    response.setHeader('content-type', register.contentType);
    response.end(await register.metrics());
  } else if (pathname === '/leak' && request.method === 'POST') {
    target = Number(searchParams.get('mebibytes'));
    response.end();
  } else {
    response.writeHead(pathname === '/health/ready' ? 200 : 404).end();
  }
});
server.listen(Number(process.env.PORT), process.env.POD_IP);
process.once('SIGTERM', () => process.exit(0));
