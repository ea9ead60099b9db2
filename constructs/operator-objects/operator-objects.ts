import { ApiObject } from 'cdk8s';
import { Construct, type IConstruct } from 'constructs';
import { type ForeignOptions, RuleCatalogue } from '../../rules';
import type { Endpoint } from '../kit';
import type { Prometheus } from '../prometheus-stack';
import { type Adoption, adoptPodMonitor, adoptServiceMonitor, type Surroundings } from './monitors';
import { adoptProbe } from './probe';
import { OperatorObjectsError } from './problems';
import { type Manifest, Source } from './source';
import { admissionOf, destinationOf, type Target } from './targets';

/** Props of `OperatorObjects`. */
export interface OperatorObjectsProps {
  /** Prometheus that gets the scrape jobs and the rules. */
  readonly prometheus: Prometheus;
  /**
   * Constructs whose objects are adopted. Give the charts of one cluster where the App has several clusters.
   * @default - the whole App
   */
  readonly scopes?: readonly IConstruct[];
  /** Which of the objects to adopt. @default - all */
  readonly select?: (object: ApiObject) => boolean;
  /**
   * Leave the adopted objects out of the manifests. A cluster without prometheus-operator has no such kinds, and
   * `kubectl apply` would fail.
   * @default false
   */
  readonly remove?: boolean;
  /**
   * Namespaces that `namespaceSelector: { any: true }` stands for: Prometheus gets the right to discover targets in each.
   * `all` grants it in the whole cluster.
   * @default - objects with such a selector are refused
   */
  readonly anyNamespace?: readonly string[] | 'all';
  /** Blackbox exporter that answers Probe objects. @default - the Service that `spec.prober.url` names */
  readonly prober?: Endpoint;
  /**
   * Secrets and ConfigMaps of other namespaces, as `namespace/name`, of which the namespace of Prometheus has a copy.
   * prometheus-operator copies them itself; a pod mounts only those of its own namespace.
   * @default - none
   */
  readonly copies?: readonly string[];
  /** How PrometheusRule objects are read, e.g. your words for their severities. @default - as they are */
  readonly rules?: ForeignOptions;
  /** Fields without a counterpart that may be lost, without indexes: `spec.endpoints.oauth2`. @default - none */
  readonly ignore?: readonly string[];
}

const GROUP = 'monitoring.coreos.com';

/**
 * Scrape jobs and rules from the ServiceMonitor, PodMonitor, Probe and PrometheusRule objects of other charts in the
 * App, as prometheus-operator would make them. Create it last: it reads the objects that exist then, and synthesis
 * fails if there are more later. `ScrapeTargetMissing` does not watch these jobs: their series carry other job labels.
 *
 * Prometheus' NetworkPolicy lets it reach the pods. Policies that select those pods belong to their owners:
 * `admissions` says what they must admit.
 *
 * @example
 * const prometheus = new Prometheus(chart, 'prometheus', {
 *   externalUrl: 'https://prometheus.example.com',
 *   externalLabels: { cluster: 'europe' },
 * });
 * // Before: new Helm(chart, 'orders', { chart: 'orders', values: { serviceMonitor: { enabled: true } } });
 * const monitors = new OperatorObjects(chart, 'monitors', { prometheus, remove: true });
 * console.log(monitors.admissions.join('\n'));
 */
export class OperatorObjects extends Construct {
  /** What the owners of the scraped pods must admit where NetworkPolicies select them, one line each. */
  readonly admissions: readonly string[];

  private readonly props: OperatorObjectsProps;
  private readonly adopted = new Set<IConstruct>();

  /**
   * @throws OperatorObjectsError for objects or fields that have no counterpart
   * @throws CatalogueError for rules that Prometheus would refuse
   */
  constructor(scope: Construct, id: string, props: OperatorObjectsProps) {
    super(scope, id);
    this.props = props;
    const { prometheus, prober, remove } = props;
    const objects = this.found();
    const sources = objects.map((object) => new Source(object.toJson() as Manifest, props.ignore ?? []));
    const address = prober && sources.some(({ manifest }) => manifest.kind === 'Probe') ? connect(props) : undefined;
    const surroundings: Surroundings = {
      objects: this.scopes.flatMap(apiObjectsIn).map((object) => object.toJson() as Manifest),
      access: { namespace: prometheus.component.namespace, copies: props.copies ?? [] },
      anyNamespace: props.anyNamespace,
    };
    const adoptions = sources.map((source) => adopt(source, surroundings, address));
    const problems = sources.flatMap((source) => source.problems);
    if (problems.length > 0) {
      throw new OperatorObjectsError(problems);
    }
    for (const adoption of adoptions) {
      addJobs(prometheus, adoption);
    }
    this.addRules(sources.filter(({ manifest }) => manifest.kind === 'PrometheusRule'));
    this.admissions = openWays(prometheus, adoptions);
    for (const object of objects) {
      this.adopted.add(object);
      if (remove) {
        object.node.scope?.node.tryRemoveChild(object.node.id);
      }
    }
    this.node.addValidation({ validate: () => this.late() });
  }

  /** Rules of two namespaces may have the same name. */
  private addRules(sources: readonly Source[]): void {
    const documents = sources.map(({ namespace, name, manifest }) => ({
      topic: `${namespace}-${name}`,
      document: { groups: manifest.spec?.groups ?? [] },
    }));
    if (documents.length > 0) {
      const catalogue = RuleCatalogue.foreign(documents, this.props.rules);
      this.props.prometheus.addRules(catalogue, { runbook: ({ annotations }) => annotations.runbook_url ?? '' });
    }
  }

  private get scopes(): readonly IConstruct[] {
    return this.props.scopes ?? [this.node.root];
  }

  private found(): readonly ApiObject[] {
    const { select = () => true } = this.props;
    return this.scopes
      .flatMap(apiObjectsIn)
      .filter((object) => object.apiGroup === GROUP && ADOPTED_KINDS.includes(object.kind) && select(object));
  }

  private late(): string[] {
    return this.found()
      .filter((object) => !this.adopted.has(object))
      .map(({ kind, node }) => `${kind} ${node.path} was added after OperatorObjects: create OperatorObjects last`);
  }
}

/** Kinds of `monitoring.coreos.com` that configure a Prometheus or an Alertmanager. */
const ADOPTED_KINDS: readonly string[] = [
  'ServiceMonitor',
  'PodMonitor',
  'Probe',
  'PrometheusRule',
  'ScrapeConfig',
  'AlertmanagerConfig',
];

const NOTHING: Adoption = { jobs: [], targets: [] };

function adopt(source: Source, surroundings: Surroundings, prober: string | undefined): Adoption {
  switch (source.manifest.kind) {
    case 'ServiceMonitor':
      return adoptServiceMonitor(source, surroundings);
    case 'PodMonitor':
      return adoptPodMonitor(source, surroundings);
    case 'Probe':
      return adoptProbe(source, surroundings, prober);
    case 'PrometheusRule':
      return NOTHING;
    case 'ScrapeConfig':
      source.problem(
        'kind',
        'has no counterpart here: write prometheus.addScrapeConfig(), and leave it out by "select"',
      );
      return NOTHING;
    default:
      source.problem('kind', 'has no counterpart here: write routing.addReceiver(), and leave it out by "select"');
      return NOTHING;
  }
}

function connect({ prometheus, prober }: OperatorObjectsProps): string {
  return prometheus.component.connectTo(prober!).address;
}

function addJobs(prometheus: Prometheus, { jobs }: Adoption): void {
  for (const { config, mounts } of jobs) {
    // The targets' label `job` is not the job's name, so no alert could watch it by name.
    prometheus.addScrapeConfig(config, { optional: true, allNamespaces: true });
    for (const mount of mounts) {
      prometheus.component.addMount(mount);
    }
  }
}

/** Opens Prometheus' side of each way once, and says what the other side must admit. */
function openWays({ component }: Prometheus, adoptions: readonly Adoption[]): readonly string[] {
  const targets = new Map<string, Target>(
    adoptions.flatMap((adoption) => adoption.targets).map((target) => [JSON.stringify(target), target]),
  );
  for (const target of targets.values()) {
    component.allowEgressTo(destinationOf(target));
  }
  return [...targets.values()].flatMap((target) => admissionOf(target, component.pods) ?? []);
}

function apiObjectsIn(scope: IConstruct): readonly ApiObject[] {
  return scope.node.findAll().filter((construct) => ApiObject.isApiObject(construct));
}
