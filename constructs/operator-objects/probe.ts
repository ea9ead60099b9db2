import type { RelabelConfig, ScrapeConfig } from '../prometheus-stack';
import { adoptedJob, relabelingsIn } from './endpoint';
import { type Adoption, copy, discovery, namespacesIn, type Surroundings } from './monitors';
import { selectorIn, selectorRules } from './selector';
import type { Labels, Section, Source } from './source';
import { type Objects, serviceTargets, type Target } from './targets';

const META = '__meta_kubernetes';

/** How a Probe finds what it probes. */
interface Probed {
  readonly targets: Pick<ScrapeConfig, 'static_configs' | 'kubernetes_sd_configs'>;
  readonly rules: readonly RelabelConfig[];
  readonly relabelings: readonly RelabelConfig[];
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
  const { targets: probed, rules, relabelings } = probedIn(spec, source, surroundings);
  const { config, mounts } = adoptedJob({
    source,
    access,
    job: `probe/${source.namespace}/${source.name}`,
    endpoint: spec,
    discovery: { ...probed, ...(module ? { params: { module: [module] } } : {}) },
    rules: [
      ...(jobName ? [{ target_label: 'job', replacement: jobName }] : []),
      ...rules,
      copy('__param_target', 'instance'),
      { target_label: '__address__', replacement: address },
    ],
    relabelings,
  });
  spec.finish();
  return { jobs: [{ config: { ...config, ...settings }, mounts }], targets };
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
      targets: { static_configs: [{ targets: urls, labels }] },
      rules: [copy('__address__', '__param_target')],
      relabelings,
    };
  }
  if (!ingress) {
    spec.problem('targets', 'is not set: write staticConfig or ingress');
    return { targets: {}, rules: [], relabelings: [] };
  }
  const selector = selectorIn(ingress);
  const namespaces = namespacesIn(ingress, source, surroundings);
  const relabelings = relabelingsIn(ingress, 'relabelingConfigs');
  ingress.finish();
  const address = ['_ingress_scheme', '', '_ingress_path'].map((part) => (part ? `${META}${part}` : '__address__'));
  return {
    targets: {
      kubernetes_sd_configs: [discovery('ingress', namespaces)],
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
  };
}
