import { Credentials, LokiStack, type LokiStackProps, type ObjectStorage } from '../../../constructs';
import { manifestsOf, testChart } from '../../../testing/render';
import { serverConfig } from '../../support/server-config';

const credentials = new Credentials('loki-bucket');

/** A bucket on Amazon S3, with a role. */
export const S3: ObjectStorage = {
  kind: 's3',
  bucket: 'orders-logs',
  region: 'eu-central-1',
  access: { kind: 'role', arn: 'arn:aws:iam::123456789012:role/loki' },
};

/** A key of the Secret with the credentials of a bucket. */
export const secret = (key: string) => ({ credentials, key });

/** A stack in a chart of its own, and what a test adds to it. */
export function stack(props: LokiStackProps = {}, add: (loki: LokiStack) => void = () => {}) {
  const chart = testChart();
  const loki = new LokiStack(chart, 'loki', props);
  add(loki);
  return { chart, loki, manifests: () => manifestsOf(chart) };
}

/** `loki.yaml` of a stack. */
export const configOf = (props: LokiStackProps = {}, add?: (loki: LokiStack) => void) =>
  serverConfig(stack(props, add).manifests(), 'loki-config', 'loki.yaml');
