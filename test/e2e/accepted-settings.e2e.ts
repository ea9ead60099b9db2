import { type Kubernetes, makeNamespace, startKubernetes } from '../../testing/kubernetes';
import { describeManifest, type Manifest } from '../../testing/manifests';
import { serverComplaints } from '../support/refusals';
import { type Accepted, acceptedSettings } from '../support/settings';
import { installCiliumPolicies } from './support/cilium';

const COUNT = 500;
const CONCURRENT = 8;

/** Each of the settings is a whole synthesis. */
const TIMEOUT_MS = 1_800_000;

/** Namespaces of the generated settings. A dry run creates none. */
const NAMESPACES = ['sightedit-monitoring', 'watch', 'sightedit-monitoring-node', 'watch-node', 'sightedit'];

interface ResourceList {
  readonly resources: readonly { readonly name: string; readonly kind: string }[];
}

describe(`${COUNT} generated settings that the program accepts`, () => {
  let accepted: Pick<Accepted, 'manifests'>[];
  /** Objects that differ from all others, by their text. */
  const objects = new Map<string, Manifest>();

  beforeAll(() => {
    accepted = [];
    for (const { manifests } of acceptedSettings(COUNT)) {
      for (const object of manifests) {
        objects.set(JSON.stringify(object), object);
      }
      // The configurations alone: those of all settings together take gigabytes.
      accepted.push({
        manifests: manifests.filter(({ metadata }) =>
          /^(alertmanager|prometheus)-(config|templates)$/.test(metadata.name),
        ),
      });
    }
  }, TIMEOUT_MS);

  it('are accepted by Alertmanager and Prometheus', async () => {
    expect(accepted).toHaveLength(COUNT);
    expect(await serverComplaints(accepted)).toEqual([]);
  });

  it(
    'are accepted by an API server',
    async () => {
      const kubernetes = await startKubernetes([]);
      try {
        await installCiliumPolicies(kubernetes);
        for (const namespace of NAMESPACES) {
          await makeNamespace(kubernetes, namespace);
        }
        const queue = [...objects.values()];
        expect(queue.length).toBeGreaterThan(COUNT);
        const refused: string[] = [];
        await Promise.all(
          Array.from({ length: CONCURRENT }, async () => {
            for (let object = queue.pop(); object; object = queue.pop()) {
              const problem = await dryRun(kubernetes, object);
              if (problem) {
                refused.push(problem);
              }
            }
          }),
        );
        expect(refused).toEqual([]);
      } finally {
        await kubernetes.stop();
      }
    },
    TIMEOUT_MS,
  );
});

const collections = new Map<string, Promise<string>>();

/** Path of the collection of an object, e.g. `/apis/apps/v1/namespaces/watch/deployments`. */
async function pathOf(kubernetes: Kubernetes, { apiVersion, kind, metadata }: Manifest): Promise<string> {
  const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  const key = `${root} ${kind}`;
  const known =
    collections.get(key) ??
    kubernetes
      .send<ResourceList>('GET', root)
      .then(
        ({ resources }) => resources.find((resource) => resource.kind === kind && !resource.name.includes('/'))!.name,
      );
  collections.set(key, known);
  return `${root}${metadata.namespace ? `/namespaces/${metadata.namespace}` : ''}/${await known}`;
}

/** What the API server says against an object; `undefined` if it accepts it, or has one of that name. */
async function dryRun(kubernetes: Kubernetes, object: Manifest): Promise<string | undefined> {
  try {
    const path = await pathOf(kubernetes, object);
    await kubernetes.send('POST', `${path}?dryRun=All&fieldValidation=Strict`, object);
    return undefined;
  } catch (error) {
    const { message } = error as Error;
    return /AlreadyExists/.test(message) ? undefined : `${describeManifest(object)}: ${message.slice(0, 500)}`;
  }
}
