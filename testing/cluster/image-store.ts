import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { podTemplates, readManifests } from '../manifests';
import { fingerprintOf, type ImageSpec, writeImage } from './image';
import { imageCatalogue } from './image-catalogue';
import { clusterDirectory, IMAGES } from './layout';
import { execute } from './namespaces';

/** Databases of containerd. All its other files of imported images never change. */
const DATABASES = ['io.containerd.metadata.v1.bolt/meta.db', 'io.containerd.snapshotter.v1.overlayfs/metadata.db'];

/**
 * Configuration of containerd. Without `restrict_oom_score_adj`, every container fails where root lacks
 * CAP_SYS_RESOURCE.
 */
export const CONTAINERD_CONFIG = `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
oom_score = 0
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${IMAGES.pause}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`;

/** Runs in namespaces that end with it: imports every archive into containerd's root in \`store\`. */
const IMPORT = `
set -e
store=$1 config=$2
shift 2
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /var/lib/containerd
mount --bind "$store" /var/lib/containerd
containerd --config "$config" --log-level error &
until [ -S /run/containerd/containerd.sock ]; do sleep 0.1; done
for archive; do ctr --namespace k8s.io image import "$archive"; done
kill %1
wait
`;

/** Imported images: a root directory of containerd that nodes copy, and what it holds. */
export interface ImageStore {
  readonly directory: string;
  readonly images: readonly ImageSpec[];
}

/**
 * Makes every image and imports it, unless a store with the same content exists.
 *
 * @throws Error when a pod in dist/ has an image that the catalogue lacks
 */
export async function imageStore(): Promise<ImageStore> {
  const images = imageCatalogue();
  const known = images.map(({ reference }) => reference);
  const deployed = podTemplates(readManifests()).flatMap(({ template }) =>
    (template.spec.containers as { image: string }[]).map(({ image }) => image),
  );
  const missing = [...new Set(deployed)].filter((reference) => !known.includes(reference));
  if (missing.length > 0) {
    throw new Error(`testing/cluster/image-catalogue.ts has no image for ${missing.join(', ')}: add it there`);
  }
  const hash = createHash('sha256').update(CONTAINERD_CONFIG);
  for (const image of images) {
    hash.update(fingerprintOf(image));
  }
  const all = join(clusterDirectory(), 'images');
  const directory = join(all, hash.digest('hex').slice(0, 16));
  if (!existsSync(directory)) {
    rmSync(all, { recursive: true, force: true }); // One store is a gigabyte: keep only the newest.
    const partial = `${directory}.partial`;
    mkdirSync(partial, { recursive: true });
    const config = `${directory}.toml`;
    writeFileSync(config, CONTAINERD_CONFIG);
    const archives = images.map((image) => writeImage(image, all));
    const unshare = ['unshare', '--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'];
    await execute([...unshare, 'bash', '-c', IMPORT, 'import', partial, config, ...archives]);
    for (const archive of archives) {
      rmSync(archive);
    }
    renameSync(partial, directory);
  }
  return { directory, images };
}

/** Gives a node the images. Links take no time and no space; only the databases are copied. */
export async function copyStore({ directory }: ImageStore, target: string): Promise<void> {
  await execute(['cp', '--archive', '--link', directory, target]);
  for (const database of DATABASES) {
    const file = join(target, database);
    const content = readFileSync(file);
    rmSync(file);
    writeFileSync(file, content);
  }
}
