import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stopAtEnd } from '../../testing/cleanup';
import type { Random } from './random';

export type Labels = Readonly<Record<string, string>>;

/** An alert that has really fired. */
export interface Fired {
  readonly labels: Labels;
  readonly from: number;
  /** @default - it still fires */
  to?: number;
}

/** A stand-in for Prometheus: it knows which alerts fire, and answers verifications. */
export interface AlertSource {
  readonly url: string;
  readonly fired: readonly Fired[];
  /** Share of the answers that are errors, incomplete or old, from 0 to 1. */
  doubt: number;
  fire(labels: Labels): Fired;
  resolve(alert: Fired): void;
}

/** Starts the stand-in on loopback. */
export async function startAlertSource(random: Random): Promise<AlertSource> {
  const fired: Fired[] = [];
  const server = createServer(async (incoming, outgoing) => {
    let body = '';
    for await (const chunk of incoming) {
      body += chunk;
    }
    const query = new URLSearchParams(body).get('query') ?? '';
    const now = Date.now() / 1000;
    const result = query.startsWith('ALERTS{')
      ? firing(query, fired).map((labels) => ({
          metric: { __name__: 'ALERTS', alertstate: 'firing', ...labels },
          value: [now, '1'],
        }))
      : [{ metric: {}, value: [now, random.pick(['0', '1', '1'])] }];
    const answer = { status: 'success', data: { resultType: 'vector', result } };
    // An answer that may be wrong says "firing" where nothing fires.
    const everything = [{ metric: { alertname: 'SampleAlert', ...fired.at(-1)?.labels }, value: [now - 900, '1'] }];
    const [status, wrong] = random.pick([
      [503, answer],
      [200, { ...answer, warnings: ['No StoreAPIs matched'] }],
      [200, { ...answer, data: { resultType: 'vector', result: everything } }],
    ] as const);
    const isDoubtful = random.chance(source.doubt);
    outgoing.writeHead(isDoubtful ? status : 200, { 'content-type': 'application/json' });
    outgoing.end(JSON.stringify(isDoubtful ? wrong : answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stopAtEnd(async () => {
    server.closeAllConnections();
    server.close();
  });
  const source: AlertSource = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fired,
    doubt: 0,
    fire(labels) {
      const alert: Fired = { labels, from: Date.now() };
      fired.push(alert);
      return alert;
    },
    resolve(alert) {
      alert.to ??= Date.now();
    },
  };
  return source;
}

function firing(query: string, fired: readonly Fired[]): readonly Labels[] {
  const [, alertname, remediation] =
    /^ALERTS\{alertname="(.*)", alertstate="firing", remediation="(.*)"\}$/.exec(query) ?? [];
  return fired
    .filter(
      ({ to, labels }) => to === undefined && labels.alertname === alertname && labels.remediation === remediation,
    )
    .map(({ labels }) => labels);
}
