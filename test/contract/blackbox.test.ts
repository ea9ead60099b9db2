import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BlackboxExporter,
  Credentials,
  dnsModule,
  httpModule,
  icmpModule,
  type ProbeModule,
  tcpModule,
} from '../../constructs';
import { temporaryDirectory } from '../../testing/cleanup';
import { configFiles, readManifests } from '../../testing/manifests';
import { render } from '../../testing/render';
import { ACCEPTED, describeWithTools, runTool } from '../support/tools';

const credentials = new Credentials('probe-credentials');
const file = (key: string) => ({ credentials, key });

/** Every option of every builder, and modules as the exporter reads them. */
const MODULES: { readonly [name: string]: ProbeModule } = {
  http: httpModule(),
  'http-tls': httpModule({ tls: 'required', timeoutSeconds: 5 }),
  'http-plain': httpModule({ tls: 'refused', statusCodes: [200, 401] }),
  'http-followed': httpModule({ followRedirects: true }),
  'http-redirect': httpModule({ redirectTo: 'https://shop.example.com/?a=(b)' }),
  'http-open': httpModule({
    config: {
      method: 'POST',
      headers: { Accept: 'application/json' },
      body: '{}',
      basic_auth: { username: 'probe', password_file: file('PASSWORD') },
      fail_if_body_not_matches_regexp: ['ok'],
      fail_if_body_json_not_matches_cel: "body.status == 'ok'",
      tls_config: { ca_file: file('ca.crt') },
      compression: 'gzip',
    },
  }),
  tcp: tcpModule(),
  'tcp-tls': tcpModule({ tls: true, config: { tls_config: { server_name: 'db.example.com' } } }),
  'tcp-banner': { prober: 'tcp', tcp: { query_response: [{ expect: '^SSH-2.0-' }, { send: 'quit' }] } },
  dns: dnsModule({ name: 'shop.example.com' }),
  'dns-open': dnsModule({
    name: '.',
    type: 'SOA',
    answer: 'a\\.root',
    transport: 'tcp',
    config: { valid_rcodes: ['NOERROR'], recursion_desired: false },
  }),
  icmp: icmpModule({ config: { ttl: 5, payload_size: 64 } }),
};

describeWithTools(['blackbox_exporter'], 'The blackbox exporter', () => {
  const check = (config: string) => {
    const path = join(temporaryDirectory(), 'config.yml');
    writeFileSync(path, config);
    return runTool('blackbox_exporter', `--config.file=${path}`, '--config.check');
  };
  const written = (modules: { readonly [name: string]: ProbeModule }) =>
    configFiles(
      render((chart) => new BlackboxExporter(chart, 'exporter', { modules })),
      'blackbox-exporter',
    )['config.yml']!;

  test('accepts the deployed configuration', () => {
    expect(check(configFiles(readManifests(), 'blackbox-exporter')['config.yml']!)).toEqual(ACCEPTED);
  });

  test.each(Object.keys(MODULES))('accepts the module %s', (name) => {
    expect(check(written({ [name]: MODULES[name]! }))).toEqual(ACCEPTED);
  });

  test('refuses an unknown field', () => {
    const { code, output } = check(written({ broken: { prober: 'tcp', tcp: { banner: 'x' } } as ProbeModule }));
    expect(code).not.toBe(0);
    expect(output).toMatch(/field banner not found/);
  });
});
