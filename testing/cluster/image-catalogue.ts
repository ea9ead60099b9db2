import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { type Image, images } from '../../constructs';
import { BIN, ROOT, softwareVersion, tools } from '../../tools/catalogue';
import { node as nodePackage, packagedDirectory } from '../../tools/packages';
import { findProgram } from '../loki';
import { type ImageSpec, withLibraries } from './image';
import { IMAGES } from './layout';

const NOBODY = 65534;
const POSTGRES_PROGRAMS = '/usr/lib/postgresql/15/bin';

/** Entrypoint of Node's image (github.com/nodejs/docker-node, docker-entrypoint.sh). */
const NODE_ENTRYPOINT = `#!/bin/sh
set -e
if [ "\${1#-}" != "\${1}" ] || [ -z "$(command -v "\${1}")" ] || { [ -f "\${1}" ] && ! [ -x "\${1}" ]; }; then
  set -- node "$@"
fi
exec "$@"
`;

/** Answers 200 to every request, on the port of its first argument. */
const STAND_IN = `import { createServer } from 'node:http';
const text = '# TYPE test_stand_in gauge\\ntest_stand_in 1\\n';
createServer((_, response) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text))
  .listen(Number(process.argv[2]));
process.once('SIGTERM', () => process.exit(0));
`;

/** Prometheus and Alertmanager read time zones from the file system; the base of their images has them. */
const ZONES = { 'usr/share/zoneinfo': '/usr/share/zoneinfo' };

/** The images of the exporters that check their credentials have a shell. */
const shell = () => ({ ...withLibraries('/usr/bin/dash'), 'bin/sh': '/usr/bin/dash' });

/** Images of the platform and of what stands around it, under the references that pods use. */
export function imageCatalogue(): ImageSpec[] {
  const nodeImage = baseOfNode();
  return [
    {
      ...built('prometheus', images.prometheus, 'bin/prometheus', ZONES),
      texts: { 'etc/prometheus/prometheus.yml': 'global: {}\n' },
      directories: { prometheus: { owner: NOBODY } },
      config: {
        User: 'nobody',
        Entrypoint: ['/bin/prometheus'],
        Cmd: ['--config.file=/etc/prometheus/prometheus.yml', '--storage.tsdb.path=/prometheus'],
        WorkingDir: '/prometheus',
        Volumes: { '/prometheus': {} },
        ExposedPorts: { '9090/tcp': {} },
      },
    },
    {
      ...built('alertmanager', images.alertmanager, 'bin/alertmanager', ZONES),
      directories: { alertmanager: { owner: NOBODY } },
      config: {
        User: 'nobody',
        Entrypoint: ['/bin/alertmanager'],
        Cmd: ['--config.file=/etc/alertmanager/alertmanager.yml', '--storage.path=/alertmanager'],
        WorkingDir: '/alertmanager',
        Volumes: { '/alertmanager': {} },
        ExposedPorts: { '9093/tcp': {} },
      },
    },
    {
      ...built('blackbox_exporter', images.blackboxExporter, 'bin/blackbox_exporter'),
      config: {
        Entrypoint: ['/bin/blackbox_exporter'],
        Cmd: ['--config.file=/etc/blackbox_exporter/config.yml'],
        ExposedPorts: { '9115/tcp': {} },
      },
    },
    {
      ...built('kube-state-metrics', images.kubeStateMetrics, 'kube-state-metrics'),
      config: { User: `${NOBODY}`, Entrypoint: ['/kube-state-metrics', '--port=8080', '--telemetry-port=8081'] },
    },
    {
      ...built('node_exporter', images.nodeExporter, 'bin/node_exporter'),
      config: { User: 'nobody', Entrypoint: ['/bin/node_exporter'], ExposedPorts: { '9100/tcp': {} } },
    },
    {
      ...built('postgres_exporter', images.postgresExporter, 'bin/postgres_exporter', shell()),
      config: { User: 'nobody', Entrypoint: ['/bin/postgres_exporter'], ExposedPorts: { '9187/tcp': {} } },
    },
    {
      ...built('redis_exporter', images.redisExporter, 'redis_exporter', shell()),
      config: { User: '59000:59000', Entrypoint: ['/redis_exporter'], ExposedPorts: { '9121/tcp': {} } },
    },
    nodeImage,
    standIn(nodeImage, images.grafana, 'Grafana', { User: '472', port: 3000 }),
    lokiImage(nodeImage),
    {
      ...built('otelcol', images.otelCollector, 'otelcol-contrib', { 'etc/ssl/certs': '/etc/ssl/certs' }),
      config: { User: '10001:10001', Entrypoint: ['/otelcol-contrib'] },
    },
    {
      ...built('jaeger', images.jaeger, 'cmd/jaeger/jaeger-linux'),
      config: { User: '10001:10001', Entrypoint: ['/cmd/jaeger/jaeger-linux'] },
    },
    standIn(nodeImage, images.sqlExporter, 'sql_exporter', { User: `${NOBODY}`, port: 9399 }),
    ...clusterImages(nodeImage),
  ];
}

/** Images of the cluster itself and of the monitored application. */
function clusterImages(nodeImage: ImageSpec): ImageSpec[] {
  const coredns = tools.find(({ name }) => name === 'coredns')!;
  return [
    {
      reference: IMAGES.pause,
      content: "sleep of this machine's coreutils",
      files: withLibraries('/usr/bin/sleep'),
      config: { User: '65535:65535', Entrypoint: ['/usr/bin/sleep', 'infinity'] },
    },
    {
      reference: IMAGES.coredns,
      content: `CoreDNS ${softwareVersion(coredns)}, built from tools/coredns with the plugins that the tests use`,
      files: { coredns: join(BIN, 'coredns') },
      config: { User: '65532:65532', Entrypoint: ['/coredns'] },
    },
    {
      reference: IMAGES.postgres,
      content: "PostgreSQL 15 of this machine's Debian package",
      users: ['postgres:x:999:999::/tmp:/bin/sh'],
      files: {
        ...withLibraries(
          ...['initdb', 'pg_ctl', 'postgres', 'psql'].map((name) => join(POSTGRES_PROGRAMS, name)),
          '/usr/bin/dash',
        ),
        'bin/sh': '/usr/bin/dash',
        'usr/lib/postgresql/15/lib': '/usr/lib/postgresql/15/lib',
        'usr/share/postgresql/15': '/usr/share/postgresql/15',
        ...ZONES,
      },
      config: { Env: [`PATH=${POSTGRES_PROGRAMS}:/usr/bin:/bin`, 'LANG=C'] },
    },
    {
      reference: IMAGES.redis,
      content: "Redis of this machine's Debian package",
      users: ['redis:x:999:999::/tmp:/bin/sh'],
      files: withLibraries('/usr/bin/redis-server'),
      config: { Entrypoint: ['/usr/bin/redis-server'] },
    },
    {
      reference: IMAGES.backend,
      content: 'a small service with the metrics of a SightEdit backend and a leak that can be switched on',
      isStandIn: true,
      base: nodeImage,
      texts: { 'app/service.cjs': leakyService() },
      config: { User: '1000', Entrypoint: ['/usr/local/bin/node', '/app/service.cjs'] },
    },
  ];
}

function built(
  tool: string,
  { repository, tag }: Image,
  path: string,
  files: ImageSpec['files'] = {},
): Omit<ImageSpec, 'config'> {
  const found = tools.find(({ name }) => name === tool)!;
  return {
    reference: `${repository}:${tag}`,
    content: `${tool} ${softwareVersion(found)}, built from tools/${found.directory}`,
    files: { [path]: join(BIN, tool), ...files },
  };
}

function baseOfNode(): ImageSpec {
  const program = join(packagedDirectory(nodePackage), 'bin', 'node');
  const { [program]: node, ...libraries } = withLibraries(program, '/usr/bin/dash');
  return {
    reference: `${images.node.repository}:${images.node.tag}`,
    content: `Node ${nodePackage.version} of its npm package, with this machine's C library and dash`,
    users: ['node:x:1000:1000::/home/node:/bin/sh'],
    files: { ...libraries, 'usr/local/bin/node': node!, 'bin/sh': '/usr/bin/dash' },
    scripts: { 'usr/local/bin/docker-entrypoint.sh': NODE_ENTRYPOINT },
    config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', `NODE_VERSION=${nodePackage.version}`],
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['node'],
    },
  };
}

/** An image that answers on a port in place of a program that cannot be built here. */
function standIn(
  base: ImageSpec,
  { repository, tag }: Image,
  program: string,
  { User, port }: { readonly User: string; readonly port: number },
): ImageSpec {
  return {
    reference: `${repository}:${tag}`,
    content: `STAND-IN for ${program}: answers 200 on port ${port}`,
    isStandIn: true,
    base,
    texts: { 'stand-in.mjs': STAND_IN },
    config: { User, Entrypoint: ['/usr/local/bin/node', '/stand-in.mjs', `${port}`] },
  };
}

/** Loki from `.tools/bin` or PATH, or a stand-in: its licence forbids that this repository builds it. */
function lokiImage(base: ImageSpec): ImageSpec {
  const program = findProgram('loki');
  if (program === undefined) {
    return standIn(base, images.loki, 'Loki', { User: '10001', port: 3100 });
  }
  return {
    reference: `${images.loki.repository}:${images.loki.tag}`,
    content: `the program ${program}`,
    files: { 'usr/bin/loki': program },
    config: { User: '10001', Entrypoint: ['/usr/bin/loki'], ExposedPorts: { '3100/tcp': {} } },
  };
}

/** The service of the drill, in one file. */
function leakyService(): string {
  const { outputFiles } = buildSync({
    entryPoints: [join(ROOT, 'test', 'e2e', 'support', 'leaky-service.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
  });
  return outputFiles[0]!.text;
}
