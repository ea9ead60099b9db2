import { createServer } from 'node:http';
import { collectDefaultMetrics, Histogram, register } from 'prom-client';

/**
 * A service with a fault that can be switched on: it holds on to memory until it is restarted. It runs in a process of
 * its own, bundled by `buildLeakyService()`.
 *
 *     GET  /health/ready   200 once it answers
 *     GET  /metrics        what every service of SightEdit exposes about its process and its requests
 *     POST /leak?mebibytes=120
 *                          grow until the process has that much in RAM, 150 at the most
 *
 * The environment says where it listens: POD_IP, PORT.
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
    // Filled, because memory that nothing was written to is not in RAM.
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
