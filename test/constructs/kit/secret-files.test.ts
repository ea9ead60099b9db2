import { Credentials, type Mount, SecretFiles } from '../../../constructs';
import { settingError } from '../../support/setting-error';

const cloud = new Credentials('grafana-cloud');

/** A configuration with its Secrets resolved, and their mounts. */
function resolve(config: object, field = 'remote_write') {
  const mounts: Mount[] = [];
  const secrets = new SecretFiles('/etc/demo/secrets');
  const resolved = secrets.resolve<object>('config', field, config);
  secrets.mountIn({ addMount: (mount) => mounts.push(mount) });
  return { resolved, mounts };
}

/** A field and the file that stands for it, for JavaScript programs. */
const message = (config: object, field?: string) => settingError(() => resolve(config, field)).message;

describe('Secrets in a configuration', () => {
  test('become paths of files', () => {
    const { resolved } = resolve({
      basic_auth: { username: 'orders', password_file: { credentials: cloud, key: 'token' } },
      http_headers: { 'X-Token': { files: [{ credentials: cloud, key: 'header' }, '/plain/file'] } },
      send_exemplars: false,
      name: undefined,
    });
    expect(resolved).toEqual({
      basic_auth: { username: 'orders', password_file: '/etc/demo/secrets/grafana-cloud/token' },
      http_headers: { 'X-Token': { files: ['/etc/demo/secrets/grafana-cloud/header', '/plain/file'] } },
      send_exemplars: false,
      name: undefined,
    });
  });

  test('are mounted once each, with every key that is named', () => {
    const credentials = new Credentials('one');
    const { mounts } = resolve({
      tls_config: {
        cert_file: { credentials, key: 'tls.crt' },
        key_file: { credentials, key: 'tls.key' },
        ca_file: { credentials: new Credentials('two'), key: 'ca.crt' },
      },
    });
    expect(mounts.map(({ path }) => path)).toEqual(['/etc/demo/secrets/one', '/etc/demo/secrets/two']);
    expect(mounts[0]?.source().secret).toMatchObject({
      secretName: 'one',
      optional: true,
      items: [
        { key: 'tls.crt', path: 'tls.crt' },
        { key: 'tls.key', path: 'tls.key' },
      ],
    });
    expect(credentials.keys).toEqual(['tls.crt', 'tls.key']);
  });

  test('are mounted in a component that exists already', () => {
    const mounts: Mount[] = [];
    const secrets = new SecretFiles('/etc/demo/secrets');
    secrets.mountIn({ addMount: (mount) => mounts.push(mount) });
    secrets.path({ credentials: cloud, key: 'token' });
    secrets.path({ credentials: cloud, key: 'other' });
    expect(mounts).toHaveLength(1);
  });

  test.each([
    [{ basic_auth: { password: 'demo' } }, 'remote_write', 'config.basic_auth.password', 'password_file'],
    [{ bearer_token: 'demo' }, 'remote_write', 'config.bearer_token', 'bearer_token_file'],
    [
      { http_headers: { 'X-Token': { secrets: ['demo'] } } },
      'remote_write',
      'config.http_headers.X-Token.secrets',
      'files',
    ],
    [{ slack_configs: [{ api_url: 'https://demo' }] }, 'receivers', 'config.slack_configs.api_url', 'api_url_file'],
    [{ global: { opsgenie_api_key: 'demo' } }, '', 'config.global.opsgenie_api_key', 'opsgenie_api_key_file'],
  ])('that stand in %j are refused', (config, field, setting, file) => {
    expect(message(config, field)).toBe(
      `${setting} is "(hidden)": the manifest would show it; write ${file}, ` +
        'with a key of a Secret: { credentials, key }',
    );
  });

  test('for which the server has no file are refused with the page that says so', () => {
    expect(message({ sigv4: { secret_key: 'demo' } })).toBe(
      'config.sigv4.secret_key is "(hidden)": the manifest would show it, and the server cannot read it from a file; ' +
        'see docs/limits.md',
    );
  });

  test('in the URL are refused', () => {
    expect(message({ proxy_url: 'http://user:demo@proxy.example.com' })).toBe(
      'config.proxy_url is "(hidden)": remove the password from the URL; write basic_auth.password_file',
    );
  });

  test.each([
    { url: 'https://receiver.example.com/demo' },
    { authorization: { type: 'Bearer' } },
    { headers: { 'X-Scope-OrgID': 'orders' } },
    { http_headers: { 'X-Team': { values: ['orders'] } } },
  ])('are not seen in %j', (config) => {
    expect(resolve(config).resolved).toEqual(config);
  });
});
