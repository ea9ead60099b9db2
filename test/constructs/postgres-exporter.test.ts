import { Credentials, ExternalWorkload, PostgresExporter, type PostgresExporterProps } from '../../constructs';
import type { SqlCollector } from '../../rules/sql';
import { containerOf, find, findAll, manifestsOf, podOf, render, testChart } from '../../testing/render';
import { testProps } from '../support/props';
import { serverConfig } from '../support/server-config';
import { settingError } from '../support/setting-error';

/** A PostgreSQL server that others deploy, behind a Service. */
const postgres = (service = 'postgres') =>
  new ExternalWorkload(testChart(), 'postgres', {
    namespace: 'shop',
    podLabels: { 'app.kubernetes.io/name': 'postgres' },
    service,
    port: 5432,
    scheme: 'postgresql',
  }).endpoint;

const collector = (collector_name: string): SqlCollector => ({
  collector_name,
  min_interval: '1m',
  metrics: [
    { metric_name: `${collector_name}_rows`, type: 'gauge', help: 'Rows.', values: ['n'], query: 'SELECT 1 AS n' },
  ],
});

const minimal = (): PostgresExporterProps => ({
  postgres: postgres(),
  database: 'shop',
  credentials: new Credentials('demo-credentials'),
  collectors: [collector('orders')],
});

const rendered = (changes: Partial<PostgresExporterProps> = {}) =>
  render((chart) => new PostgresExporter(chart, 'exporter', { ...minimal(), ...changes }));

/** A variable of a container, as it stands. */
const variableOf = (manifests: ReturnType<typeof rendered>, pod: string, name: string) =>
  containerOf(manifests, pod).env.find((variable: { name: string }) => variable.name === name);

/** What both exporters connect to. */
const addresses = (manifests: ReturnType<typeof rendered>) => [
  variableOf(manifests, 'postgres-exporter', 'DATA_SOURCE_NAME').value,
  serverConfig(manifests, 'sql-exporter', 'sql_exporter.yml').target.data_source_name,
];

describe('PostgresExporter', () => {
  testProps<PostgresExporterProps>({
    make: (scope, props) => new PostgresExporter(scope, 'exporter', props),
    minimal,
    full: () => ({
      name: 'ledger-metrics',
      sqlName: 'ledger-queries',
      postgres: postgres('ledger'),
      database: 'accounts',
      tls: { configMap: 'ledger-ca', key: 'root.pem' },
      credentials: new Credentials('ledger-credentials'),
      userKey: 'username',
      passwordKey: 'password',
      collectors: [collector('orders'), collector('payments')],
      pod: { priorityClassName: 'statistics-first' },
      sqlPod: { priorityClassName: 'queries-first' },
    }),
    traces: {
      name: 'name: ledger-metrics',
      sqlName: 'name: ledger-queries',
      postgres: 'value: postgresql://ledger.shop.svc:5432/accounts',
      database: '/accounts?application_name=ledger-metrics',
      tls: 'sslmode=verify-full&sslrootcert=/etc/postgres-ca/root.pem',
      credentials: 'name: ledger-credentials',
      userKey: 'key: username',
      passwordKey: 'key: password',
      collectors: 'collector_name: payments',
      pod: 'priorityClassName: statistics-first',
      sqlPod: 'priorityClassName: queries-first',
    },
  });

  test.each(['pod', 'sqlPod'] as const)('names the options of %s as the caller wrote them', (prop) => {
    expect(settingError(() => rendered({ [prop]: { replicas: 2 } })).message).toBe(
      `${prop}.replicas is 2: each replica would report the server again: leave it out, and raise resources instead`,
    );
  });

  const manifests = rendered();

  test.each(['postgres-exporter', 'sql-exporter'])('%s may reach the server, and names itself to it', (name) => {
    expect(find(manifests, 'NetworkPolicy', name).spec.egress).toContainEqual({
      to: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
          podSelector: { matchLabels: { 'app.kubernetes.io/name': 'postgres' } },
        },
      ],
      ports: [{ port: 5432, protocol: 'TCP' }],
    });
    expect(podOf(manifests, name).metadata.labels).toMatchObject({ 'app.kubernetes.io/name': name });
    expect(addresses(manifests).join()).toContain(`application_name=${name}`);
  });

  test.each<[string, PostgresExporterProps['tls'], string]>([
    ['encrypts without verifying by default', undefined, 'sslmode=require'],
    ['connects in plain text if the setting says so', 'disable', 'sslmode=disable'],
    [
      'verifies the server with the certificate of an authority',
      { configMap: 'shop-ca' },
      'sslmode=verify-full&sslrootcert=/etc/postgres-ca/ca.crt',
    ],
  ])('%s', (_, tls, parameters) => {
    const secured = rendered({ tls });
    for (const address of addresses(secured)) {
      expect(address).toMatch(new RegExp(`postgres\\.shop\\.svc:5432/shop\\?.*${parameters}$`));
    }
    const mounted = JSON.stringify(secured).includes('"name":"shop-ca"');
    expect(mounted).toBe(parameters.includes('verify-full'));
  });

  test.each(['postgres-exporter', 'sql-exporter'])('%s reads user and password from the Secret alone', (name) => {
    const variables = [
      { name: 'PGUSER', valueFrom: { secretKeyRef: { name: 'demo-credentials', key: 'POSTGRES_USER' } } },
      { name: 'PGPASSWORD', valueFrom: { secretKeyRef: { name: 'demo-credentials', key: 'POSTGRES_PASSWORD' } } },
    ];
    expect(containerOf(manifests, name).env).toEqual(expect.arrayContaining(variables));
    const [check] = podOf(manifests, name).spec.initContainers;
    expect(check).toMatchObject({ image: containerOf(manifests, name).image, env: variables });
    expect(check.args).toEqual(['PGUSER', 'POSTGRES_USER', 'PGPASSWORD', 'POSTGRES_PASSWORD']);
    expect(addresses(manifests).join()).not.toContain('@');
    expect(findAll(manifests, 'Secret')).toEqual([]);
  });

  test('checks the credentials before containers of the caller run', () => {
    const mine = { name: 'mine', image: 'registry.example.com/mine:1' };
    const names = podOf(rendered({ pod: { initContainers: [mine] } }), 'postgres-exporter').spec.initContainers.map(
      ({ name }: { name: string }) => name,
    );
    expect(names).toEqual(['check-credentials', 'mine']);
  });

  test('requests the keys of the Secret, so that an ExternalSecret fetches them', () => {
    const credentials = new Credentials('demo-credentials');
    rendered({ credentials });
    expect(credentials.keys).toEqual(['POSTGRES_PASSWORD', 'POSTGRES_USER']);
  });

  test('exports no text of statements', () => {
    const { args } = containerOf(manifests, 'postgres-exporter');
    expect(args).toContain('--collector.stat_statements');
    expect(args).toContain('--no-collector.stat_statements.include_query');
  });

  test('gives sql_exporter a file for each collector, and their names', () => {
    const { target, collector_files } = serverConfig(manifests, 'sql-exporter', 'sql_exporter.yml');
    expect(target.collectors).toEqual(['orders']);
    expect(collector_files).toEqual(['/etc/sql-exporter/*.collector.yaml']);
    expect(serverConfig(manifests, 'sql-exporter', 'orders.collector.yaml')).toEqual(collector('orders'));
  });

  test('leaves the name of the target out, which would make a second metric called up', () => {
    expect(serverConfig(manifests, 'sql-exporter', 'sql_exporter.yml').target).not.toHaveProperty('name');
  });

  describe.each([['none'], ['an empty list']])('without collectors (%s)', (kind) => {
    const chart = testChart();
    const exporter = new PostgresExporter(chart, 'exporter', {
      ...minimal(),
      collectors: kind === 'none' ? undefined : [],
    });

    test('there is no sql_exporter', () => {
      const names = manifestsOf(chart).map(({ metadata }) => metadata.name);
      expect([...new Set(names)]).toEqual(['postgres-exporter']);
      expect(exporter.sqlComponent).toBeUndefined();
    });

    test('sqlEndpoint says what it needs', () => {
      expect(() => exporter.sqlEndpoint).toThrow(
        'collectors is not set: add a collector: there is no sql_exporter without one',
      );
    });
  });

  test.each([
    [{}, ['postgres-exporter', 'sql-exporter']],
    [{ name: 'ledger' }, ['ledger', 'ledger-sql']],
    [{ sqlName: 'queries' }, ['postgres-exporter', 'queries']],
  ])('%j has the servers %j, so that a second exporter needs one name', (names, servers) => {
    expect(findAll(rendered(names), 'Deployment').map(({ metadata }) => metadata.name)).toEqual(servers);
  });
});
