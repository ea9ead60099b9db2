import type { RelabelConfig } from '../prometheus-stack';
import { adoptedJob, relabelingsIn } from './endpoint';
import { type Adoption, copy, namespacesIn, type Surroundings } from './monitors';
import { selectorIn, selectorRules } from './selector';
import type { Labels, Section, Source } from './source';
import { type Objects, serviceTargets, type Target } from './targets';

const META = '__meta_kubernetes';

/** How a Probe finds what it probes. */
interface Probed {
  readonly discovery: object;
  readonly rules: readonly RelabelConfig[];
  readonly relabelings: readonly RelabelConfig[];
  readonly ingressNamespaces: readonly string[];
}

/**
 * The job of a Probe.
 *
 * @param prober address of the blackbox exporter, `host:port` @default - that of the object
 * @see https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.Probe
 */
export function adoptProbe(source: Source, surroundings: Surroundings, prober?: string): Adoption {
  const { objects, access } = surroundings;
  const { spec } = source;
  const { address, settings, targets } = proberIn(spec, source, objects, prober);
  const jobName = spec.get<string>('jobName');
  const module = spec.get<string>('module');
  const { discovery, rules, relabelings, ingressNamespaces } = probedIn(spec, source, surroundings);
  const { config, mounts } = adoptedJob({
    source,
    access,
    job: `probe/${source.namespace}/${source.name}`,
    endpoint: spec,
    discovery: { ...discovery, ...(module ? { params: { module: [module] } } : {}) },
    rules: [
      ...(jobName ? [{ target_label: 'job', replacement: jobName }] : []),
      ...rules,
      copy('__param_target', 'instance'),
      { target_label: '__address__', replacement: address },
    ],
    relabelings,
  });
  spec.finish();
  return { jobs: [{ config: { ...config, ...settings }, mounts }], targets, readsNodes: false, ingressNamespaces };
}

function proberIn(spec: Section, source: Source, objects: Objects, prober: string | undefined) {
  const section = spec.section('prober');
  const url = section?.get<string>('url') ?? '';
  const settings = {
    metrics_path: section?.get<string>('path') ?? '/probe',
    ...(section?.get<string>('scheme') ? { scheme: section.get<string>('scheme')!.toLowerCase() } : {}),
    ...(section?.get<string>('proxyUrl') ? { proxy_url: section.get<string>('proxyUrl') } : {}),
  };
  section?.finish();
  const targets = prober ? [] : serviceOf(url, source, objects);
  if (!prober && targets.length === 0) {
    spec.problem('prober.url', `${url || 'is not set'}: no Service of the App has this name: set the prop "prober"`);
  }
  return { address: prober ?? url, settings, targets };
}

/** The pods behind a Service of the App, by its DNS name. */
function serviceOf(address: string, source: Source, objects: Objects): readonly Target[] {
  const [host = '', port] = address.split(':');
  const [name, namespace = source.namespace] = host.split('.');
  const service = objects.find(
    ({ kind, metadata }) =>
      kind === 'Service' && metadata.name === name && (metadata.namespace ?? 'default') === namespace,
  );
  const ports = (service?.spec?.ports ?? []) as readonly { readonly name?: string; readonly port: number }[];
  const portName = ports.find((each) => each.port === Number(port ?? 80))?.name;
  return service
    ? serviceTargets([service, ...objects.filter(({ kind }) => kind !== 'Service')], ANY, [namespace], {
        service: portName,
      })
    : [];
}

const ANY = { labels: {}, expressions: [] };

function probedIn(spec: Section, source: Source, surroundings: Surroundings): Probed {
  const targets = spec.section('targets');
  const fixed = targets?.section('staticConfig');
  const ingress = targets?.section('ingress');
  targets?.finish();
  if (fixed) {
    const urls = fixed.get<readonly string[]>('static') ?? [];
    const labels = { namespace: source.namespace, ...fixed.get<Labels>('labels') };
    const relabelings = relabelingsIn(fixed, 'relabelingConfigs');
    fixed.finish();
    return {
      discovery: { static_configs: [{ targets: urls, labels }] },
      rules: [copy('__address__', '__param_target')],
      relabelings,
      ingressNamespaces: [],
    };
  }
  if (!ingress) {
    spec.problem('targets', 'is not set: write staticConfig or ingress');
    return { discovery: {}, rules: [], relabelings: [], ingressNamespaces: [] };
  }
  const selector = selectorIn(ingress);
  const namespaces = namespacesIn(ingress, source, surroundings);
  const relabelings = relabelingsIn(ingress, 'relabelingConfigs');
  ingress.finish();
  const address = ['_ingress_scheme', '', '_ingress_path'].map((part) => (part ? `${META}${part}` : '__address__'));
  return {
    discovery: {
      kubernetes_sd_configs: [{ role: 'ingress', namespaces: { names: namespaces } }],
    },
    rules: [
      ...selectorRules(selector, `${META}_ingress`),
      {
        source_labels: address,
        regex: '(.+);(.+);(.+)',
        target_label: '__param_target',
        replacement: '${1}://${2}${3}',
      },
      copy(`${META}_namespace`, 'namespace'),
      copy(`${META}_ingress_name`, 'ingress'),
      copy('__address__', '__tmp_ingress_address'),
    ],
    relabelings,
    ingressNamespaces: namespaces,
  };
}
