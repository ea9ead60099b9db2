import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A container image that is made of files of this machine. */
export interface ImageSpec {
  /** The reference that pods use. */
  readonly reference: string;
  /** What is in it, for its label. */
  readonly content: string;
  /** Whether it only answers in place of a program that cannot be built here. @default false */
  readonly isStandIn?: boolean;
  /** Image whose layers come first. @default - none */
  readonly base?: ImageSpec;
  /** Files and directories: path in the image, path on this machine. Links are followed. @default - none */
  readonly files?: { readonly [path: string]: string };
  /** Files with a text. @default - none */
  readonly texts?: { readonly [path: string]: string };
  /** Executable scripts. @default - none */
  readonly scripts?: { readonly [path: string]: string };
  /** Directories with an owner. @default - none */
  readonly directories?: { readonly [path: string]: { readonly owner: number } };
  /** Lines of /etc/passwd beyond root and nobody. @default - none */
  readonly users?: readonly string[];
  /** User, Entrypoint, Cmd, Env, WorkingDir, ExposedPorts, Volumes, as the upstream image has them. */
  readonly config: { readonly [key: string]: unknown };
}

/** Label that says what an image is. */
const CONTENT_LABEL = 'com.sightedit.test.content';
/** Label of images that are no real program. */
const STAND_IN_LABEL = 'com.sightedit.test.stand-in';

/** Files that a dynamically linked program loads, with itself. */
export function withLibraries(...programs: readonly string[]): { [path: string]: string } {
  const files: { [path: string]: string } = {};
  for (const program of programs) {
    files[program] = program;
    const output = execFileSync('ldd', [program], { encoding: 'utf8' });
    for (const [, path] of output.matchAll(/(?:=>\s*|^\s*)(\/\S+) \(0x/gm)) {
      files[path!] = path!;
    }
  }
  return files;
}

/** Changes whenever the image would change: its description, and size and time of each file. */
export function fingerprintOf(spec: ImageSpec): string {
  const hash = createHash('sha256').update(JSON.stringify(spec));
  for (const path of filesOf(spec)) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path} ${size} ${mtimeMs}`);
  }
  return hash.digest('hex');
}

function filesOf({ base, files = {} }: ImageSpec): string[] {
  return [...(base ? filesOf(base) : []), ...Object.values(files)];
}

/** Writes an image as an OCI archive, which `ctr image import` reads. @returns the path of the archive */
export function writeImage(spec: ImageSpec, directory: string): string {
  const archive = join(directory, `${spec.reference.replaceAll(/[^\w.-]/g, '_')}.tar`);
  const work = `${archive}.work`;
  rmSync(work, { recursive: true, force: true });
  const blobs = join(work, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  const layers = layersOf(spec, work).map((file) => adopt(file, blobs));
  const put = (content: object) => store(JSON.stringify(content), blobs);
  const config = put({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { ...spec.config, Labels: labelsOf(spec) },
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    history: layers.map(() => ({ created_by: 'testing/cluster/image.ts' })),
  });
  const manifest = put({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: layers.map((layer) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer })),
  });
  const annotations = { 'io.containerd.image.name': spec.reference };
  const index = {
    schemaVersion: 2,
    manifests: [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', ...manifest, annotations }],
  };
  writeFileSync(join(work, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(work, 'index.json'), JSON.stringify(index));
  tar(archive, work, ['oci-layout', 'index.json', 'blobs']);
  rmSync(work, { recursive: true });
  return archive;
}

function labelsOf({ content, isStandIn = false }: ImageSpec): { [label: string]: string } {
  return { [CONTENT_LABEL]: content, ...(isStandIn ? { [STAND_IN_LABEL]: 'true' } : {}) };
}

/** Tar files of the layers, lowest first. */
function layersOf(spec: ImageSpec, work: string): string[] {
  const below = spec.base ? layersOf(spec.base, work) : [];
  const root = join(work, `layer-${below.length}`);
  mkdirSync(root, { recursive: true });
  const place = (path: string) => {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    return join(root, path);
  };
  const texts = { ...(spec.base ? {} : basicFiles(spec)), ...spec.texts };
  for (const [path, text] of Object.entries(texts)) {
    writeFileSync(place(path), text);
  }
  for (const [path, text] of Object.entries(spec.scripts ?? {})) {
    writeFileSync(place(path), text);
    chmodSync(place(path), 0o755);
  }
  for (const [path, source] of Object.entries(spec.files ?? {})) {
    cpSync(source, place(path), { recursive: true, dereference: true });
  }
  for (const [path, { owner }] of Object.entries(spec.directories ?? {})) {
    mkdirSync(place(path), { recursive: true });
    chownSync(place(path), owner, owner);
  }
  if (!spec.base) {
    mkdirSync(join(root, 'tmp'));
    chmodSync(join(root, 'tmp'), 0o1777);
  }
  const layer = `${root}.tar`;
  tar(layer, root, ['.']);
  rmSync(root, { recursive: true });
  return [...below, layer];
}

/** What every base image has. */
function basicFiles({ users = [] }: ImageSpec): { [path: string]: string } {
  const passwd = ['root:x:0:0:root:/root:/bin/sh', 'nobody:x:65534:65534:nobody:/nonexistent:/bin/false', ...users];
  const groups = passwd.map((line) => line.split(':')).map(([name, , , group]) => `${name}:x:${group}:`);
  return {
    'etc/passwd': `${passwd.join('\n')}\n`,
    'etc/group': `${groups.join('\n')}\n`,
    'etc/nsswitch.conf': 'hosts: files dns\n',
    'etc/ssl/certs/ca-certificates.crt': readFileSync('/etc/ssl/certs/ca-certificates.crt', 'utf8'),
  };
}

function tar(archive: string, directory: string, entries: readonly string[]): void {
  const reproducible = ['--numeric-owner', '--sort=name', '--mtime=@0'];
  execFileSync('tar', ['--create', ...reproducible, `--file=${archive}`, `--directory=${directory}`, ...entries]);
}

interface Blob {
  readonly digest: string;
  readonly size: number;
}

function adopt(file: string, blobs: string): Blob {
  const [hex] = execFileSync('sha256sum', [file], { encoding: 'utf8' }).split(' ') as [string];
  const { size } = statSync(file);
  if (!readdirSync(blobs).includes(hex)) {
    renameSync(file, join(blobs, hex));
  }
  return { digest: `sha256:${hex}`, size };
}

function store(content: string, blobs: string): Blob {
  const hex = createHash('sha256').update(content).digest('hex');
  writeFileSync(join(blobs, basename(hex)), content);
  return { digest: `sha256:${hex}`, size: Buffer.byteLength(content) };
}
