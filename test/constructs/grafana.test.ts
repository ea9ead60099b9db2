import { Credentials, Endpoint, Grafana, type GrafanaProps, Prometheus, SettingError } from '../../constructs';
import { toIni } from '../../constructs/grafana/grafana-config';
import { configFiles } from '../../testing/manifests';
import { containerOf, find, findAll, manifestsOf, NAMESPACE, podOf, testChart } from '../../testing/render';
import { testProps } from '../support/props';
import { serverConfig } from '../support/server-config';
import { settingError } from '../support/setting-error';
import { component } from './kit/sample';

const PROPS = (): GrafanaProps => ({
  externalUrl: 'https://grafana.example.com',
  credentials: new Credentials('demo-credentials'),
});

/** A Grafana, what a test adds to it, and the manifests of both. */
function grafana(add: (grafana: Grafana) => void = () => {}, props: Partial<GrafanaProps> = {}) {
  const chart = testChart();
  add(new Grafana(chart, 'grafana', { ...PROPS(), ...props }));
  return manifestsOf(chart);
}

/** A section of `grafana.ini`, as lines. */
function section(manifests: ReturnType<typeof grafana>, name: string): string[] {
  const ini = configFiles(manifests, 'grafana-config')['grafana.ini']!;
  const found = ini.split(/^(?=\[)/m).find((text) => text.startsWith(`[${name}]`));
  return found?.trim().split('\n').slice(1) ?? [];
}

describe('Grafana', () => {
  testProps<GrafanaProps, 'storage'>({
    make: (scope, props) => new Grafana(scope, 'grafana', props),
    minimal: PROPS,
    full: () => ({
      name: 'panels',
      externalUrl: 'https://panels.example.com',
      credentials: new Credentials('panels-credentials'),
      adminUserKey: 'PANELS_USER',
      adminPasswordKey: 'PANELS_PASSWORD',
      storageSize: '7Gi',
      storageClass: 'fast',
      pod: { priorityClassName: 'panels-first' },
      ini: { feature_toggles: { enable: 'panelTitleSearch' } },
    }),
    traces: {
      name: 'name: panels',
      externalUrl: 'root_url = https://panels.example.com',
      credentials: 'secretName: panels-credentials',
      adminUserKey: '$__file{/etc/grafana/credentials/PANELS_USER}',
      adminPasswordKey: '$__file{/etc/grafana/credentials/PANELS_PASSWORD}',
      storageSize: 'storage: 7Gi',
      storageClass: 'storageClassName: fast',
      pod: 'priorityClassName: panels-first',
      ini: 'enable = panelTitleSearch',
    },
    apart: { storage: { props: () => ({ ...PROPS(), storage: 'emptyDir' }), trace: 'sizeLimit: 5Gi' } },
  });

  describe('access', () => {
    test('needs a login', () => {
      expect(section(grafana(), 'auth.anonymous')).toEqual(['enabled = false']);
      expect(section(grafana(), 'users')).toContain('allow_sign_up = false');
    });

    test("takes the administrator's name and password from files of the Secret", () => {
      const manifests = grafana();
      expect(section(manifests, 'security')).toEqual(
        expect.arrayContaining([
          'admin_user = $__file{/etc/grafana/credentials/GRAFANA_ADMIN_USER}',
          'admin_password = $__file{/etc/grafana/credentials/GRAFANA_ADMIN_PASSWORD}',
        ]),
      );
      const volume = podOf(manifests, 'grafana').spec.volumes.find(
        ({ name }: { name: string }) => name === 'credentials',
      );
      expect(volume.secret).toMatchObject({
        secretName: 'demo-credentials',
        items: [{ key: 'GRAFANA_ADMIN_PASSWORD' }, { key: 'GRAFANA_ADMIN_USER' }],
        optional: false,
      });
    });

    test('puts no credential into the environment', () => {
      expect(containerOf(grafana(), 'grafana').env.map(({ name }: { name: string }) => name)).toEqual([
        'GF_PATHS_CONFIG',
      ]);
    });

    test.each([
      ['https://grafana.example.com', 'true'],
      ['http://localhost:3000', 'false'],
    ])('by %s keeps cookies to TLS: %s', (externalUrl, secure) => {
      expect(section(grafana(undefined, { externalUrl }), 'security')).toContain(`cookie_secure = ${secure}`);
    });

    test('is not compressed, which has cost Grafana its memory', () => {
      expect(section(grafana(), 'server')).toContain('enable_gzip = false');
      expect(containerOf(grafana(), 'grafana').resources.limits.memory).toBe('1Gi');
    });

    test('to the Internet is not granted', () => {
      const manifests = grafana();
      expect(section(manifests, 'analytics')).toEqual([
        'reporting_enabled = false',
        'check_for_updates = false',
        'check_for_plugin_updates = false',
      ]);
      expect(find(manifests, 'NetworkPolicy').spec.egress).toHaveLength(1);
    });
  });

  describe('grafana.ini', () => {
    const INJECTION = 'https://grafana.example.com\n[auth.anonymous]\nenabled = true';

    test.each([INJECTION, 'grafana.example.com', 'https://grafana.example.com/ ', ''])(
      'is not written for the URL %j',
      (externalUrl) => {
        expect(() => grafana(undefined, { externalUrl })).toThrow(
          `externalUrl is ${JSON.stringify(externalUrl)}: write a URL, e.g. https://grafana.example.com`,
        );
      },
    );

    test.each([
      INJECTION,
      'https://grafana.example.com/\r',
      'https://grafana.example.com/#panels',
      'a;b',
      '"quoted"',
      "'quoted'",
      '`quoted`',
      'continued\\',
      ' indented',
    ])('cannot hold the value %j, which Grafana would read differently', (value) => {
      expect(() => toIni({ server: { root_url: value } })).toThrow(
        expect.objectContaining({ name: 'SettingError', setting: 'server.root_url', value }),
      );
    });

    test('holds every other value as it is', () => {
      expect(toIni({ server: { root_url: 'https://grafana.example.com/a?b="c"', http_port: 3000, gzip: false } })).toBe(
        '[server]\nroot_url = https://grafana.example.com/a?b="c"\nhttp_port = 3000\ngzip = false\n',
      );
    });
  });

  describe('a data source', () => {
    const connected = () => {
      const chart = testChart();
      const server = component(chart, { name: 'metrics', ports: { http: { port: 9090 } } });
      const panels = new Grafana(chart, 'grafana', PROPS());
      panels.addPrometheus({ endpoint: server.endpoint(), intervalSeconds: 30 });
      return { chart, panels, server };
    };

    test('is provisioned with an address that Grafana may reach', () => {
      const { chart } = connected();
      const manifests = manifestsOf(chart);
      const { datasources, prune } = serverConfig(manifests, 'grafana-datasources', 'datasources.yaml');
      expect(prune).toBe(true);
      expect(datasources).toMatchObject([
        {
          uid: 'prometheus',
          url: `http://metrics.${NAMESPACE}.svc:9090`,
          isDefault: true,
          editable: false,
          jsonData: { timeInterval: '30s' },
        },
      ]);
      expect(find(manifests, 'NetworkPolicy', 'metrics').spec.ingress).toHaveLength(1);
      expect(find(manifests, 'NetworkPolicy', 'grafana').spec.egress).toHaveLength(2);
    });

    test('that is not the default does not take its place', () => {
      const { chart, panels, server } = connected();
      panels.addAlertmanager(server.endpoint());
      const { datasources } = serverConfig(manifestsOf(chart), 'grafana-datasources', 'datasources.yaml');
      expect(datasources.map(({ uid, isDefault }: { uid: string; isDefault: boolean }) => [uid, isDefault])).toEqual([
        ['prometheus', true],
        ['alertmanager', false],
      ]);
    });

    test.each([
      ['leads from the trace id of a line to the trace', { tracesUid: 'traces' }, 'traces'],
      ['has no links without traces', {}, undefined],
    ])('of a Loki %s', (_, options, uid) => {
      const { chart, panels, server } = connected();
      panels.addLoki(server.endpoint(), options);
      const { datasources } = serverConfig(manifestsOf(chart), 'grafana-datasources', 'datasources.yaml');
      const { jsonData, ...source } = datasources.at(-1);
      expect(source).toMatchObject({ uid: 'loki', type: 'loki', isDefault: false });
      expect(jsonData.derivedFields?.map((field: { datasourceUid: string }) => field.datasourceUid)).toEqual(
        uid && [uid],
      );
    });

    test.each([15, 60])('of a Prometheus has its scrape interval of %i s', (intervalSeconds) => {
      const chart = testChart();
      const prometheus = new Prometheus(chart, 'prometheus', {
        externalLabels: {},
        externalUrl: 'https://prometheus.example.com',
        intervalSeconds,
      });
      new Grafana(chart, 'grafana', PROPS()).addPrometheus(prometheus);
      const { datasources } = serverConfig(manifestsOf(chart), 'grafana-datasources', 'datasources.yaml');
      expect(datasources[0].jsonData.timeInterval).toBe(`${intervalSeconds}s`);
    });

    test('with a duplicate uid is refused, since Grafana would skip it without an error', () => {
      const { panels, server } = connected();
      expect(() => panels.addPrometheus({ endpoint: server.endpoint(), intervalSeconds: 30 })).toThrow(
        'duplicate data source uid "prometheus": rename one of them',
      );
    });
  });

  describe('settings', () => {
    const credentials = new Credentials('grafana-oidc');

    test('of any section are written over those of the construct', () => {
      const ini = {
        security: { cookie_samesite: 'lax' },
        'auth.generic_oauth': { enabled: true, scopes: 'openid email' },
      };
      const manifests = grafana(() => {}, { ini });
      expect(section(manifests, 'security')).toEqual(
        expect.arrayContaining(['cookie_samesite = lax', 'disable_gravatar = true']),
      );
      expect(section(manifests, 'auth.generic_oauth')).toEqual(['enabled = true', 'scopes = openid email']);
    });

    test('read secrets from files, which the pod waits for', () => {
      const manifests = grafana(() => {}, { ini: { smtp: { password: { credentials, key: 'SMTP' } } } });
      expect(section(manifests, 'smtp')).toEqual(['password = $__file{/etc/grafana/secrets/grafana-oidc/SMTP}']);
      const volumes = podOf(manifests, 'grafana').spec.volumes;
      const { secret } = volumes.find(
        (volume: { secret?: { secretName: string } }) => volume.secret?.secretName === 'grafana-oidc',
      );
      expect(secret.optional ?? false).toBe(false);
    });

    test.each<[string, NonNullable<GrafanaProps['ini']>, string]>([
      ['a literal password', { smtp: { password: 'demo' } }, 'ini.smtp.password is "(hidden)"'],
      [
        'a literal client secret',
        { 'auth.github': { client_secret: 'demo' } },
        'ini.auth.github.client_secret is "(hidden)"',
      ],
      ['a password in a URL', { database: { url: 'postgres://a:demo@db/grafana' } }, 'ini.database.url is "(hidden)"'],
      ['the port', { server: { http_port: 80 } }, 'ini.server.http_port is 80: remove it'],
      ['the URL', { server: { root_url: 'https://x' } }, 'remove it; write the prop externalUrl'],
      [
        'the password of the administrator',
        { security: { admin_password: 'demo' } },
        'write the prop adminPasswordKey',
      ],
    ])('are refused with %s', (_, ini, message) => {
      expect(settingError(() => grafana(() => {}, { ini })).message).toContain(message);
    });

    test.each<[string, NonNullable<GrafanaProps['ini']>]>([
      ['a switch whose name ends like a secret’s', { 'auth.generic_oauth': { use_refresh_token: true } }],
      ['a reference to the environment', { smtp: { password: '$__env{SMTP_PASSWORD}' } }],
    ])('may have %s', (_, ini) => {
      expect(() => grafana(() => {}, { ini })).not.toThrow();
    });

    test.each([
      ['https://example.com/grafana', true],
      ['https://grafana.example.com', false],
      ['https://grafana.example.com/', false],
    ])('of %s serve below a path: %s', (externalUrl, below) => {
      const lines = section(
        grafana(() => {}, { externalUrl }),
        'server',
      );
      expect(lines.includes('serve_from_sub_path = true')).toBe(below);
    });

    test('of an external database permit several replicas', () => {
      const ini = { database: { type: 'postgres', host: 'db.example.com:5432', password: { credentials, key: 'DB' } } };
      const manifests = grafana(() => {}, { ini, pod: { replicas: 2 } });
      expect(findAll(manifests, 'PersistentVolumeClaim')).toEqual([]);
    });
  });

  describe('an open data source', () => {
    const credentials = new Credentials('loki');
    const logs = { name: 'Logs', type: 'loki', uid: 'logs' };

    test('has its secrets in files', () => {
      const manifests = grafana((panels) =>
        panels.addDataSource(Endpoint.host('logs.example.com'), {
          ...logs,
          path: '/loki',
          jsonData: { httpHeaderName1: 'X-Scope-OrgID' },
          secureJsonData: { httpHeaderValue1: { credentials, key: 'TENANT' } },
        }),
      );
      const { datasources } = serverConfig(manifests, 'grafana-datasources', 'datasources.yaml');
      expect(datasources).toEqual([
        {
          access: 'proxy',
          orgId: 1,
          editable: false,
          isDefault: false,
          name: 'Logs',
          type: 'loki',
          uid: 'logs',
          url: 'https://logs.example.com:443/loki',
          jsonData: { httpHeaderName1: 'X-Scope-OrgID' },
          secureJsonData: { httpHeaderValue1: '$__file{/etc/grafana/secrets/loki/TENANT}' },
        },
      ]);
    });

    test('is refused with a literal secret', () => {
      const secureJsonData = { password: 'demo' as unknown as { credentials: Credentials; key: string } };
      const add = () =>
        grafana((panels) => panels.addDataSource(Endpoint.host('logs.example.com'), { ...logs, secureJsonData }));
      expect(settingError(add).message).toContain('secureJsonData.password is "(hidden)"');
    });

    test('may be a second Prometheus, which is not the default', () => {
      const manifests = grafana((panels) => {
        panels.addPrometheus({ endpoint: Endpoint.host('a.example.com'), intervalSeconds: 15 });
        panels.addPrometheus(
          { endpoint: Endpoint.host('mimir.example.com'), intervalSeconds: 30 },
          { name: 'Mimir', uid: 'mimir', path: '/prometheus' },
        );
      });
      const { datasources } = serverConfig(manifests, 'grafana-datasources', 'datasources.yaml');
      expect(datasources).toMatchObject([
        { uid: 'prometheus', isDefault: true },
        { uid: 'mimir', isDefault: false, url: 'https://mimir.example.com:443/prometheus', type: 'prometheus' },
      ]);
    });
  });

  describe('a dashboard', () => {
    const board = (uid: string, folder = 'Host Metrics') => ({ uid, folder, json: { uid, title: uid } });

    test('is a file in a ConfigMap of its own, in a folder that is made once', () => {
      const manifests = grafana((panels) => {
        panels.addDashboard(board('nodes'));
        panels.addDashboard(board('disks'));
      });
      expect(configFiles(manifests, 'grafana-dashboard-nodes')).toEqual({
        'nodes.json': '{"uid":"nodes","title":"nodes"}',
      });
      expect(serverConfig(manifests, 'grafana-dashboards', 'providers.yaml').providers).toMatchObject([
        { folder: 'Host Metrics', options: { path: '/etc/grafana/dashboards/host-metrics' }, allowUiUpdates: false },
      ]);
      expect(containerOf(manifests, 'grafana').volumeMounts).toContainEqual({
        name: 'dashboards-host-metrics',
        mountPath: '/etc/grafana/dashboards/host-metrics',
        readOnly: true,
      });
    });

    test('that changes does not restart the pod: Grafana reloads it', () => {
      const checksum = (title: string) =>
        podOf(
          grafana((panels) => panels.addDashboard({ uid: 'nodes', folder: 'Hosts', json: { title } })),
          'grafana',
        ).metadata.annotations;
      expect(checksum('before')).toEqual(checksum('after'));
    });

    test('with a duplicate uid is refused', () => {
      const twice = (panels: Grafana) => {
        panels.addDashboard(board('nodes'));
        panels.addDashboard(board('nodes', 'Elsewhere'));
      };
      expect(() => grafana(twice)).toThrow('duplicate dashboard uid "nodes": rename one of them');
    });

    test('is refused in a folder whose title has the directory of another', () => {
      const alike = (panels: Grafana) => {
        panels.addDashboard(board('nodes', 'Host Metrics'));
        panels.addDashboard(board('disks', 'Host-Metrics'));
      };
      expect(() => grafana(alike)).toThrow(SettingError);
    });
  });

  test('has a user of its own and writes to its volume and to scratch space alone', () => {
    const manifests = grafana();
    const writable = containerOf(manifests, 'grafana').volumeMounts.filter(
      ({ readOnly }: { readOnly?: boolean }) => !readOnly,
    );
    expect(podOf(manifests, 'grafana').spec.securityContext.runAsUser).toBe(472);
    expect(writable.map(({ mountPath }: { mountPath: string }) => mountPath)).toEqual(['/var/lib/grafana', '/tmp']);
  });

  describe('replicas', () => {
    const database = (...env: { name: string; value: string }[]) => grafana(undefined, { pod: { replicas: 2, env } });

    test.each([
      ['a URL', { name: 'GF_DATABASE_URL', value: 'postgres://grafana@db.example.com/grafana' }],
      ['a type', { name: 'GF_DATABASE_TYPE', value: 'mysql' }],
    ])('share an external database, by %s, and have no volume that outlives them', (_by, variable) => {
      const manifests = database(variable);
      expect(find(manifests, 'Deployment').spec).toMatchObject({ replicas: 2 });
      expect(find(manifests, 'Deployment').spec).not.toHaveProperty('strategy');
      expect(findAll(manifests, 'PersistentVolumeClaim')).toEqual([]);
      expect(podOf(manifests, 'grafana').spec.volumes).toContainEqual({ name: 'data', emptyDir: { sizeLimit: '1Gi' } });
      expect(containerOf(manifests, 'grafana').volumeMounts).toContainEqual({
        name: 'data',
        mountPath: '/var/lib/grafana',
      });
    });

    test.each([[[]], [[{ name: 'GF_DATABASE_TYPE', value: 'sqlite3' }]]])('are refused with %j alone', (env) => {
      expect(settingError(() => database(...env)).message).toBe(
        'pod.replicas is 2: each replica would have a database of its own: ' +
          'name PostgreSQL or MySQL in ini.database, or GF_DATABASE_URL in pod.env',
      );
    });
  });
});
