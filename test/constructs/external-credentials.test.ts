import { Credentials, ExternalCredentials, type ExternalCredentialsProps } from '../../constructs';
import { find, findAll, render } from '../../testing/render';
import { testProps } from '../support/props';

/** Credentials of which one key has been asked for. */
function credentials(secretName: string): Credentials {
  const requested = new Credentials(secretName);
  requested.files('/etc/demo', ['API_TOKEN']);
  return requested;
}

describe('ExternalCredentials', () => {
  testProps<ExternalCredentialsProps>({
    make: (scope, props) => new ExternalCredentials(scope, 'credentials', props),
    minimal: () => ({ credentials: credentials('demo-credentials'), store: 'vault', entry: 'monitoring' }),
    full: () => ({
      credentials: credentials('platform-credentials'),
      store: 'cloud-store',
      storeKind: 'SecretStore',
      entry: 'platform/production',
      refreshInterval: '15m',
    }),
    traces: {
      credentials: 'name: platform-credentials',
      store: 'name: cloud-store',
      storeKind: 'kind: SecretStore',
      entry: 'key: platform/production',
      refreshInterval: 'refreshInterval: 15m',
    },
  });

  test('asks the store for keys that are requested after it was made', () => {
    const manifests = render((chart) => {
      const late = new Credentials('demo-credentials');
      new ExternalCredentials(chart, 'credentials', { credentials: late, store: 'vault', entry: 'monitoring' });
      late.files('/etc/demo', ['SMTP_PASSWORD', 'API_TOKEN']);
    });
    expect(find(manifests, 'ExternalSecret').spec.data).toEqual([
      { secretKey: 'API_TOKEN', remoteRef: { key: 'monitoring', property: 'API_TOKEN' } },
      { secretKey: 'SMTP_PASSWORD', remoteRef: { key: 'monitoring', property: 'SMTP_PASSWORD' } },
    ]);
  });

  test('writes no Secret of its own', () => {
    const manifests = render((chart) => {
      new ExternalCredentials(chart, 'credentials', {
        credentials: credentials('demo-credentials'),
        store: 'vault',
        entry: 'monitoring',
      });
    });
    expect(findAll(manifests, 'Secret')).toEqual([]);
  });
});
