import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Session } from 'node:inspector/promises';

/** Kinds of profiles. */
export type ProfileKind = 'cpu' | 'heap';

const LONGEST_SECONDS = 60;

/** Bytes between two samples of the heap. V8's default. */
const HEAP_INTERVAL = 512 * 1024;

let running = false;

/**
 * Records a profile of this process, as JSON that Chrome's developer tools open (`.cpuprofile`, `.heapprofile`).
 *
 * @param seconds up to 60
 * @throws Error while another profile is recorded
 */
export async function recordProfile(kind: ProfileKind, seconds: number): Promise<string> {
  if (running) {
    throw new Error('a profile is being recorded: wait until it has ended');
  }
  running = true;
  const session = new Session();
  try {
    session.connect();
    const pause = () =>
      new Promise((resolve) => setTimeout(resolve, Math.min(Math.max(seconds, 0), LONGEST_SECONDS) * 1000));
    if (kind === 'cpu') {
      await session.post('Profiler.enable');
      await session.post('Profiler.start');
      await pause();
      return JSON.stringify((await session.post('Profiler.stop')).profile);
    }
    await session.post('HeapProfiler.startSampling', { samplingInterval: HEAP_INTERVAL });
    await pause();
    return JSON.stringify((await session.post('HeapProfiler.stopSampling')).profile);
  } finally {
    session.disconnect();
    running = false;
  }
}

/**
 * Answers `GET /debug/profile?kind=cpu&seconds=10` with a profile, if the request has `Authorization: Bearer <token>`.
 *
 * @param token at least 16 characters. Without it, the answer is always 404
 */
export function profileHandler(
  token: string | undefined,
): (request: IncomingMessage, response: ServerResponse) => void {
  if (token !== undefined && token.length < 16) {
    throw new Error('profileToken is shorter than 16 characters: generate one with "openssl rand -hex 32"');
  }
  return (request, response) => {
    if (token === undefined || !hasToken(request, token)) {
      response.writeHead(404).end();
      return;
    }
    const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
    const kind = query.get('kind') === 'heap' ? 'heap' : 'cpu';
    recordProfile(kind, Number(query.get('seconds') ?? 10) || 10).then(
      (profile) => {
        const name = `${kind}.${kind}profile`;
        response.writeHead(200, {
          'content-type': 'application/json',
          'content-disposition': `attachment; filename=${name}`,
        });
        response.end(profile);
      },
      (error: Error) => response.writeHead(409, { 'content-type': 'text/plain' }).end(error.message),
    );
  };
}

function hasToken(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from((request.headers.authorization ?? '').replace(/^Bearer /, ''));
  const wanted = Buffer.from(token);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
