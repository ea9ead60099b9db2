import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ApiClient } from '../../../testing/api-client';
import { ROOT } from '../../../tools/catalogue';

/** Installs the schema of Cilium's policies, and waits until the API server takes some. */
export async function installCiliumPolicies(kubernetes: ApiClient): Promise<void> {
  const crd = gunzipSync(readFileSync(join(ROOT, 'test', 'fixtures', 'crds', 'ciliumnetworkpolicies.json.gz')));
  // Cilium's schema has a format that the API server does not know, which is a warning.
  const { code, stdout } = await kubernetes.kubectlWith(JSON.parse(crd.toString()), 'create');
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(' created') });
  await kubernetes.kubectl('wait', '--for=condition=Established', 'crd/ciliumnetworkpolicies.cilium.io');
}
