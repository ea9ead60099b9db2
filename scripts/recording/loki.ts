import { images, imageVersion, LokiStack } from '../../constructs';
import { type Config, push, query, startLoki } from '../../test/e2e/support/loki';
import { lokiProcess } from '../../test/e2e/support/stored-lines';
import { manifestsOf, testChart } from '../../testing/render';
import { freePorts, waitFor } from '../../testing/server';
import { page, type Recorder } from './recording';

const RULES = {
  groups: [
    {
      name: 'shop',
      interval: '1s',
      rules: [{ alert: 'ShopFails', expr: 'sum(count_over_time({app="shop"} |= "failed" [1m])) > 0' }],
    },
  ],
};

const SHOP = { 'service.name': 'shop', app: 'shop', namespace: 'orders' };

/**
 * A monolithic Loki that takes lines, refuses one that is too old, answers a query, flushes, applies the retention, and
 * sends an alert to an Alertmanager that does not answer.
 */
export const recordLoki: Recorder = async ({ root }) => {
  const chart = testChart();
  const stack = new LokiStack(chart, 'loki');
  stack.addRules('shop', RULES);
  const process = await lokiProcess(manifestsOf(chart), root);
  const [nobody = 0] = await freePorts(1);
  const change = (config: Config): Config => ({
    ...config,
    compactor: { ...config.compactor, compaction_interval: '1s', apply_retention_interval: '1s' },
    ruler: { ...config.ruler, alertmanager_url: `http://127.0.0.1:${nobody}` },
  });
  const { url, server } = await startLoki('loki', { ...process, change });
  const old = { body: 'too old', nanoseconds: BigInt(Date.now() - 30 * 86_400_000) * 1_000_000n };
  await push(url, SHOP, [{ body: 'failed' }]);
  await push(url, SHOP, [old]);
  await query(url, '{app="shop"}');
  await fetch(`${url}/flush`, { method: 'POST' });
  const pages: string[] = [];
  const wanted = [
    'loki_discarded_samples_total{',
    'loki_prometheus_notifications_errors_total{',
    'loki_compactor_apply_retention_operation_total{',
    'loki_boltdb_shipper_compact_tables_operation_total{',
  ];
  await waitFor(
    'the metrics',
    async () => {
      const text = await page(`${url}/metrics`);
      const complete = wanted.every((name) => text.includes(name));
      if (complete) {
        pages.push(text);
      }
      return complete;
    },
    { timeoutSeconds: 180 },
  );
  await server.stop();
  return [{ job: 'loki', tool: 'loki', version: imageVersion(images.loki), pages }];
};
