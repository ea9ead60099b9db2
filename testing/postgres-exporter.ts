import type { Manifest } from './manifests';
import type { Role } from './postgres';
import { containerOf } from './render';

/** The environment of the deployed postgres_exporter, but with a server on this machine and a role of it. */
export function exporterEnvironment(
  manifests: readonly Manifest[],
  port: number,
  { user, password }: Role,
): { readonly [name: string]: string } {
  const { env } = containerOf(manifests, 'postgres-exporter');
  const url: string = env.find(({ name }: { name: string }) => name === 'DATA_SOURCE_NAME').value;
  return {
    DATA_SOURCE_NAME: url.replace(/\/\/[^/]+/, `//127.0.0.1:${port}`),
    PGUSER: user,
    PGPASSWORD: password,
  };
}
