import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'cdk8s';
import { temporaryDirectory } from '../../testing/cleanup';
import { type Kubernetes, makeNamespace, startKubernetes } from '../../testing/kubernetes';
import { TEAM_APPLICATION, TEAM_NAMESPACE, twoClusters, twoInstances } from '../../testing/neighbours';
import { ROOT } from '../../tools/catalogue';

/** The YAML of each chart, as cdk8s writes a file for it. */
function filesOf(app: App): string[] {
  return app.charts.map((chart) => {
    const file = join(temporaryDirectory(), 'manifests.yaml');
    writeFileSync(
      file,
      chart
        .toJson()
        .map((manifest) => JSON.stringify(manifest))
        .join('\n---\n'),
    );
    return file;
  });
}

/** Starts an API server that has the team's namespaces and the custom resources that it uses. */
async function cluster(): Promise<Kubernetes> {
  const kubernetes = await startKubernetes();
  await makeNamespace(kubernetes, TEAM_NAMESPACE);
  await makeNamespace(kubernetes, TEAM_APPLICATION);
  await kubernetes.kubectl('apply', '--filename', join(ROOT, 'imports', 'crds', 'external-secrets.yaml'));
  await kubernetes.kubectl('wait', '--for=condition=Established', 'crd/externalsecrets.external-secrets.io');
  return kubernetes;
}

/** The lines of `kubectl apply` that are no creation, for files that are applied in turn. */
async function applied(kubernetes: Kubernetes, files: readonly string[]): Promise<string[]> {
  const problems: string[] = [];
  for (const file of files) {
    const { code, stdout, stderr } = await kubernetes.kubectl('apply', '--filename', file);
    const lines = stdout.split('\n').filter(Boolean);
    problems.push(...lines.filter((line) => !line.endsWith(' created')));
    if (code !== 0 || stderr !== '' || lines.length === 0) {
      problems.push(`${file}: exit code ${code}, ${lines.length} lines, ${stderr}`);
    }
  }
  return problems;
}

it('an API server creates every object of two instances in one namespace', async () => {
  const kubernetes = await cluster();
  try {
    expect(await applied(kubernetes, filesOf(twoInstances()))).toEqual([]);
  } finally {
    await kubernetes.stop();
  }
});

it('each API server creates every object of its own chart of an app for two clusters', async () => {
  const files = filesOf(twoClusters());
  expect(files).toHaveLength(2);
  for (const file of files) {
    const kubernetes = await cluster();
    try {
      expect(await applied(kubernetes, [file])).toEqual([]);
    } finally {
      await kubernetes.stop();
    }
  }
});
