import type { Manifest } from '../../../testing/manifests';
import { type Mounted, mountsOf } from '../graph/files';
import { matchesGlob } from '../graph/glob';
import { type Pods, podsOf } from '../graph/pods';
import { describeSetting, type Setting, settingsOf } from '../graph/settings';

/** Settings that hold paths of URLs, not of files. */
const NOT_FILES: readonly RegExp[] = [
  /^args --web\.(route-prefix|telemetry-path)$/,
  /^prometheus\.yml scrape_configs\.\d+\.metrics_path$/,
  /^config\.yaml extensions\.healthcheckv2\.http\.status\.path$/,
];

/** Every path in a server's settings is in a mounted directory and, if its files are known, is one of them. */
export function filePaths(manifests: readonly Manifest[]): string[] {
  return podsOf(manifests).flatMap((pods) => {
    const mounts = mountsOf(manifests, pods);
    return pathSettings(manifests, pods).flatMap(({ setting, path }) => {
      const problem = absence(mounts, path);
      return problem ? [`${describeSetting(pods, setting)}: ${path} ${problem}`] : [];
    });
  });
}

/** Every mounted file is read: a setting names the file, its directory, or a pattern that matches it. */
export function unreadFiles(manifests: readonly Manifest[]): string[] {
  return podsOf(manifests).flatMap((pods) => {
    const paths = pathSettings(manifests, pods).map(({ path }) => path);
    return mountsOf(manifests, pods)
      .filter(({ path }) => !path.startsWith('/var/run/secrets/kubernetes.io/'))
      .flatMap(({ path, files = [] }) => files.map(({ name }) => `${path}/${name}`))
      .filter((file) => !paths.some((path) => matchesGlob(file, path) || file.startsWith(`${path}/`)))
      .map((file) => `${pods.name}: no setting names ${file}`);
  });
}

function pathSettings(manifests: readonly Manifest[], pods: Pods): { setting: Setting; path: string }[] {
  return settingsOf(manifests, pods)
    .filter(({ source, key }) => !NOT_FILES.some((pattern) => pattern.test(`${source} ${key}`)))
    .flatMap((setting) => {
      const [, path] = /^(?:\$__file\{)?(\/[\w.@*/-]*)\}?$/.exec(setting.value) ?? [];
      return path === undefined ? [] : [{ setting, path }];
    });
}

/** The problem, if nothing is at a path. */
function absence(mounts: readonly Mounted[], path: string): string | undefined {
  const [mount] = mounts
    .filter((candidate) => path === candidate.path || path.startsWith(`${candidate.path}/`))
    .sort((a, b) => b.path.length - a.path.length);
  if (!mount) {
    // A directory of directories, such as Grafana's provisioning.
    return mounts.some((candidate) => candidate.path.startsWith(`${path}/`)) ? undefined : 'is in no mount';
  }
  if (!mount.files) {
    return undefined;
  }
  const found = mount.files.filter(({ name }) => path === mount.path || matchesGlob(`${mount.path}/${name}`, path));
  return found.length > 0
    ? undefined
    : `is not a file of ${mount.path}, which has ${mount.files.map(({ name }) => name).join(', ') || 'none'}`;
}
