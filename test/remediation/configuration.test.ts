import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_LIMITS, DEFAULT_RETENTION } from '../../constructs/remediation-webhook/remediation-webhook-config';
import { restartWorkload } from '../../remediation';
import {
  ConfigurationError,
  checkConfiguration,
  inClusterConnection,
  readConfiguration,
} from '../../remediation/configuration';

const POLICY = restartWorkload({
  namespace: 'sightedit',
  deployments: ['backend'],
  verification: { query: 'vector(1)' },
});

const COMPLETE = {
  mode: 'active',
  namespace: 'monitoring',
  killSwitch: 'switch',
  port: 8080,
  authentication: { audience: 'remediation-webhook', subjects: ['system:serviceaccount:monitoring:alertmanager'] },
  prometheus: ['http://prometheus:9090'],
  alertmanagers: [],
  externalLabels: {},
  ownAlerts: { RemediationActionFailed: { severity: 'high' }, RemediationCircuitOpen: { severity: 'high' } },
  limits: DEFAULT_LIMITS,
  retention: DEFAULT_RETENTION,
  policies: [POLICY],
  connections: {},
};

const TLS = { port: 8443, certificateFile: '/tls.crt', keyFile: '/tls.key' };
const REDIS = { kind: 'redis', host: 'redis', port: 6379 };

describe('a configuration', () => {
  test('that is complete is read as it is', () => {
    expect(checkConfiguration(COMPLETE)).toEqual(COMPLETE);
    expect(checkConfiguration({ ...COMPLETE, tls: TLS, connections: { cache: REDIS } })).toMatchObject({ tls: TLS });
  });

  test.each(Object.keys(COMPLETE))('without %s is refused, with the name of the setting', (setting) => {
    const { [setting]: _, ...rest } = COMPLETE as Record<string, unknown>;
    expect(() => checkConfiguration(rest)).toThrow(
      new ConfigurationError(
        `The configuration is invalid:\n  ${setting}: Invalid key: Expected "${setting}" but received undefined`,
      ),
    );
  });

  test.each(Object.keys(COMPLETE.limits))('without limits.%s is refused', (limit) => {
    const { [limit]: _, ...limits } = { ...COMPLETE.limits } as Record<string, number>;
    expect(() => checkConfiguration({ ...COMPLETE, limits })).toThrow(`limits.${limit}: Invalid key`);
  });

  test.each<[string, object, string]>([
    ['another mode', { mode: 'on' }, 'mode: Invalid type: Expected ("dry-run" | "active") but received "on"'],
    ['an empty namespace', { namespace: '' }, 'namespace: Invalid length: Expected !0 but received 0'],
    ['a port that is a text', { port: '8080' }, 'port: Invalid type: Expected number but received "8080"'],
    [
      'half a second',
      { limits: { ...COMPLETE.limits, verificationIntervalSeconds: 0.5 } },
      'limits.verificationIntervalSeconds: Invalid integer',
    ],
    [
      'no circuit',
      { limits: { ...COMPLETE.limits, circuitFailures: 0 } },
      'limits.circuitFailures: Invalid value: Expected >=1',
    ],
    [
      'a limit under zero',
      { limits: { ...COMPLETE.limits, repeatSeconds: -1 } },
      'limits.repeatSeconds: Invalid value: Expected >=0',
    ],
    [
      'nobody who may notify',
      { authentication: { ...COMPLETE.authentication, subjects: [] } },
      'authentication.subjects: Invalid length: Expected >=1',
    ],
    ['no Prometheus', { prometheus: [] }, 'prometheus: Invalid length: Expected >=1'],
    [
      'half of TLS',
      { tls: { port: 8443, certificateFile: '/tls.crt' } },
      'tls.keyFile: Invalid key: Expected "keyFile"',
    ],
    [
      'an action that is not there',
      { policies: [{ ...POLICY, action: 'make-coffee' }] },
      'policies.0.action: Invalid type: Expected ("restart-workload"',
    ],
    [
      'a policy name that no object can have',
      { policies: [{ ...POLICY, name: 'Restart!' }] },
      'policies.0.name: write at most 40 lower-case letters',
    ],
    [
      'a policy that never may',
      { policies: [{ ...POLICY, budgetPerHour: 0 }] },
      'policies.0.budgetPerHour: Invalid value: Expected >=1',
    ],
    [
      'an empty query',
      { policies: [{ ...POLICY, verification: { ...POLICY.verification, query: '' } }] },
      'policies.0.verification.query: Invalid length',
    ],
    [
      'a connection of another kind',
      { connections: { queue: { kind: 'kafka' } } },
      'connections.queue.kind: Invalid type: Expected ("postgres" | "redis") but received "kafka"',
    ],
    [
      'a connection without a host',
      { connections: { cache: { ...REDIS, host: undefined } } },
      'connections.cache.host: Invalid type: Expected string',
    ],
    [
      'a setting that nobody knows',
      { authentification: {} },
      'authentification: Invalid key: Expected never but received "authentification"',
    ],
    ['a policy twice', { policies: [POLICY, POLICY] }, 'policies: duplicate name restart-workload'],
  ])('with %s is refused, with the setting, its value and what is expected', (_what, change, message) => {
    expect(() => checkConfiguration({ ...COMPLETE, ...change })).toThrow(message);
  });

  test('with several mistakes is told all of them', () => {
    const message = [
      'The configuration is invalid:',
      '  mode: Invalid type: Expected ("dry-run" | "active") but received 1',
      '  port: Invalid value: Expected >=1 but received 0',
    ].join('\n');
    expect(() => checkConfiguration({ ...COMPLETE, mode: 1, port: 0 })).toThrow(new ConfigurationError(message));
  });

  test('of a file that is not there, or no JSON, is refused with its path', () => {
    const directory = mkdtempSync(join(tmpdir(), 'sightedit-monitoring-'));
    try {
      const file = join(directory, 'remediation.json');
      expect(() => readConfiguration(file)).toThrow(`${file} cannot be read: ENOENT`);
      writeFileSync(file, '{');
      expect(() => readConfiguration(file)).toThrow(`${file} cannot be read: `);
      writeFileSync(file, JSON.stringify(COMPLETE));
      expect(readConfiguration(file)).toEqual(COMPLETE);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('the API server', () => {
  test('is found as a pod finds it', () => {
    expect(inClusterConnection({ KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '6443' })).toEqual({
      url: 'https://10.96.0.1:6443',
      caFile: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
      tokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    });
    expect(inClusterConnection({ KUBERNETES_SERVICE_HOST: 'fd00::1' }).url).toBe('https://[fd00::1]:443');
  });

  test('is said to be missing outside of a pod', () => {
    expect(() => inClusterConnection({})).toThrow('run in a pod, or set "kubernetes" in the configuration');
  });
});
