import { ConfigDirectory, type ConfigDirectoryProps, MAX_OBJECT_BYTES } from '../../../constructs';
import { containerOf, find, manifestsOf, podOf, render, synthError, testChart } from '../../../testing/render';
import { component } from './sample';

/** A component with a directory, and the directory. */
function mounted(props: Partial<ConfigDirectoryProps> = {}) {
  const chart = testChart();
  const directory = new ConfigDirectory(chart, 'directory', { name: 'settings', path: '/etc/demo', ...props });
  component(chart, { mounts: [directory.mount] });
  return { chart, directory };
}

describe('files', () => {
  test('of one ConfigMap are mounted as they are', () => {
    const { chart, directory } = mounted();
    directory.addFile('a.yaml', 'a: 1\n');
    directory.addFile('b.yaml', () => 'b: 2\n');
    const manifests = manifestsOf(chart);
    expect(find(manifests, 'ConfigMap', 'settings').data).toEqual({ 'a.yaml': 'a: 1\n', 'b.yaml': 'b: 2\n' });
    expect(podOf(manifests, 'demo').spec.volumes).toEqual([{ name: 'settings', configMap: { name: 'settings' } }]);
    expect(containerOf(manifests, 'demo').volumeMounts).toEqual([
      { name: 'settings', mountPath: '/etc/demo', readOnly: true },
    ]);
  });

  test('of several ConfigMaps appear as one directory', () => {
    const { chart, directory } = mounted();
    directory.addFile('a.yaml', 'a: 1\n');
    directory.addFile('b.yaml', 'b: 2\n', 'settings-more');
    const manifests = manifestsOf(chart);
    expect(find(manifests, 'ConfigMap', 'settings-more').data).toEqual({ 'b.yaml': 'b: 2\n' });
    expect(podOf(manifests, 'demo').spec.volumes).toEqual([
      {
        name: 'settings',
        projected: { sources: [{ configMap: { name: 'settings' } }, { configMap: { name: 'settings-more' } }] },
      },
    ]);
  });

  test('that are produced late contain what was added in between', () => {
    const { chart, directory } = mounted();
    const lines: string[] = [];
    directory.addFile('late.txt', () => lines.join('\n'));
    lines.push('added later');
    expect(find(manifestsOf(chart), 'ConfigMap').data).toEqual({ 'late.txt': 'added later' });
  });

  test('with the same name are refused, also in different ConfigMaps', () => {
    const { directory } = mounted();
    directory.addFile('a.yaml', 'a: 1\n');
    expect(() => directory.addFile('a.yaml', 'a: 2\n', 'settings-more')).toThrow(
      'duplicate file "/etc/demo/a.yaml": rename one of them',
    );
  });
});

describe('the size of a ConfigMap', () => {
  const overhead = JSON.stringify({ big: '' }).length;
  const filled = (bytes: number) => {
    const { chart, directory } = mounted();
    directory.addFile('big', 'x'.repeat(bytes - overhead));
    return chart;
  };

  test('may reach the limit', () => {
    expect(find(manifestsOf(filled(MAX_OBJECT_BYTES)), 'ConfigMap').data.big).toHaveLength(MAX_OBJECT_BYTES - overhead);
  });

  test('must not exceed it', () => {
    expect(synthError(filled(MAX_OBJECT_BYTES + 1))).toBe(
      'Validation failed with the following errors:\n' +
        '  [chart/directory/settings] ConfigMap settings has 200001 bytes, more than 200000: ' +
        'split its files over several ConfigMaps',
    );
  });

  test('is counted in bytes and not in characters', () => {
    const { chart, directory } = mounted();
    directory.addFile('big', 'é'.repeat(MAX_OBJECT_BYTES / 2));
    expect(synthError(chart)).toContain(`has ${MAX_OBJECT_BYTES + overhead} bytes`);
  });

  test('leaves an object that `kubectl apply` can keep a copy of in an annotation', () => {
    expect(MAX_OBJECT_BYTES).toBeLessThan(262_144 * 0.8);
  });
});

describe('a change of a file', () => {
  const annotations = (onChange: ConfigDirectoryProps['onChange'], content: string) => {
    const { chart, directory } = mounted({ onChange });
    directory.addFile('a.yaml', content);
    return podOf(manifestsOf(chart), 'demo').metadata.annotations;
  };

  test('restarts the pods', () => {
    expect(annotations('restart', 'a: 1\n')).toEqual({ 'checksum/config': expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(annotations('restart', 'a: 1\n')).not.toEqual(annotations('restart', 'a: 2\n'));
  });

  test('is needed to restart them', () => {
    expect(annotations('restart', 'a: 1\n')).toEqual(annotations('restart', 'a: 1\n'));
  });

  test('restarts unless the directory says otherwise', () => {
    expect(annotations(undefined, 'a: 1\n')).toEqual(annotations('restart', 'a: 1\n'));
  });

  test('leaves the pods of a server that reloads as they are', () => {
    expect(annotations('reload', 'a: 1\n')).toBeUndefined();
  });

  test('of its name restarts the pods too', () => {
    const named = (name: string) =>
      podOf(
        render((chart) => {
          const directory = new ConfigDirectory(chart, 'directory', { name: 'settings', path: '/etc/demo' });
          directory.addFile(name, 'a: 1\n');
          component(chart, { mounts: [directory.mount] });
        }),
        'demo',
      ).metadata.annotations;
    expect(named('a.yaml')).not.toEqual(named('b.yaml'));
  });
});
