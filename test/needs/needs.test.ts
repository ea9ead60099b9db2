import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../../testing/cleanup';
import { layOutAlertmanager, layOutPrometheus } from '../../testing/files';
import { configFiles, type Manifest } from '../../testing/manifests';
import { findAll, manifestsOf, testChart } from '../../testing/render';
import { complete, manifestsOfProgram, recipesIn } from '../support/recipes';
import { writeSecrets } from '../support/server-config';
import { complaints, describeWithTools, runTool } from '../support/tools';
import { access } from './access';
import { alerting } from './alerting';
import { life } from './life';
import { metrics } from './metrics';
import { isMet, limits, type Make, type Need, type Proof, type Section, tableProblems, verdictOf } from './need';
import { platform } from './platform';
import { pods } from './pods';
import { rules } from './rules';
import { security } from './security';

/** The sections of the survey, with the number of rows that each has there. C2 is prose. */
const SECTIONS: readonly (readonly [Section, number])[] = [
  [pods, 16],
  [security, 16],
  [access, 9],
  [metrics, 15],
  [alerting, 11],
  [rules, 10],
  [life, 11],
];

const sections = SECTIONS.map(([section]) => section);
const needs = sections.flatMap((section) => section.needs);

/** Rows of which a part is refused or a limit. */
const UNMET: readonly string[] = [
  'replicas: refused',
  'no PVC / emptyDir, NFS, existing claim: limit',
  'Windows nodes: limit',
  'cert-manager: limit',
  'Vault agent files: limit',
  'remote-write receiver, agent mode, feature flags: limit',
  'silences as code: limit',
  'raw config / existing config Secret / AlertmanagerConfig CR: limit',
  'raw rule file by own ConfigMap: limit',
  'grafana-operator, prometheus-operator CRs as output: limit',
];

/** A proof that writes objects. */
type Written = Extract<Proof, { readonly by: 'prop' | 'recipe' }>;
const writes = (proof: Proof): proof is Written => proof.by === 'prop' || proof.by === 'recipe';

function made(make: Make): readonly Manifest[] {
  const chart = testChart();
  make(chart);
  return manifestsOf(chart);
}

const known = new Map<Written, readonly Manifest[]>();

/** The objects of the chart of a prop, or of a recipe's program. */
function written(proof: Written): readonly Manifest[] {
  const manifests = known.get(proof) ?? (proof.by === 'prop' ? made(proof.make) : manifestsOfRecipe(proof));
  known.set(proof, manifests);
  return manifests;
}

type OfRecipe = Extract<Proof, { readonly by: 'recipe' }>;

function manifestsOfRecipe(proof: OfRecipe): readonly Manifest[] {
  const { page, under, block = 1 } = proof;
  const recipes = recipesIn(page);
  const recipe = recipes.filter(({ heading }, _, [first]) => heading === (under ?? first!.heading))[block - 1];
  if (!recipe) {
    throw new Error(`${placeOf(proof)}: there is no such block`);
  }
  return manifestsOfProgram(complete(recipe));
}

const placeOf = ({ page, under, block }: OfRecipe) =>
  [`docs/recipes/${page}`, under, block && `block ${block}`].filter(Boolean).join(', ');

let plainPlatform: readonly Manifest[] | undefined;
let plainProgram: readonly Manifest[] | undefined;

/** The same without what meets the need. */
function without(proof: Written): readonly Manifest[] {
  if (proof.by === 'recipe') {
    plainProgram ??= manifestsOfProgram(complete({ code: '' }));
    return plainProgram;
  }
  if (proof.instead) {
    return made(proof.instead);
  }
  plainPlatform ??= made(platform);
  return plainPlatform;
}

/** Checks a proof. */
function prove(proof: Proof): void {
  if (writes(proof)) {
    proof.shows(written(proof));
    expect(() => proof.shows(without(proof))).toThrow();
  } else if (proof.by === 'refused') {
    expect(() => made(proof.make)).toThrow(expect.objectContaining({ message: proof.message }));
  } else {
    expect(limits().get(proof.row)).toMatch(/^.+ \| .+$/);
  }
}

function titleOf(proof: Proof): string {
  switch (proof.by) {
    case 'prop':
      return 'a prop';
    case 'recipe':
      return placeOf(proof);
    case 'refused':
      return `refused, ${proof.message}`;
    case 'limit':
      return `docs/limits.md, ${proof.row}`;
  }
}

describe.each(sections)('Needs about $title ($id):', (section) => {
  const proofs = section.needs.flatMap(({ need, proofs: parts, guards = [] }) =>
    [...parts, ...guards].map((proof, index) => ({ title: `${need}: part ${index + 1}, ${titleOf(proof)}`, proof })),
  );

  test.each(proofs)('$title', ({ proof }) => prove(proof));
});

describe('The table of needs', () => {
  test.each(SECTIONS.map(([section, count]) => ({ ...section, count })))('has $count rows in $id', (section) => {
    expect(section.needs.length).toBe(section.count);
  });

  test('has a proof in each row', () => {
    expect(tableProblems(sections)).toEqual([]);
  });

  test('meets 71 of 88 needs or more, and answers the others', () => {
    const unmet = needs.filter((need) => !isMet(need)).map((need) => `${need.need}: ${verdictOf(need)}`);
    expect(needs.length).toBe(88);
    expect(needs.length - unmet.length).toBeGreaterThanOrEqual(71);
    // A need that is met from now on leaves this list; one that joins it is a loss.
    expect(unmet).toEqual(UNMET);
  });
});

test('The needs use what the package exports, as a project that installs it does', () => {
  const importsOf = (text: string) => [...text.matchAll(/from '([^']+)'/g)].map(([, path]) => path!);
  const files = readdirSync(__dirname).filter((file) => !file.endsWith('.test.ts'));
  const ours = files.flatMap((file) =>
    importsOf(readFileSync(join(__dirname, file), 'utf8'))
      .filter((path) => path.startsWith('../../') && !/^\.\.\/\.\.\/(testing|tools)\//.test(path))
      .map((path) => `${file}: ${path}`),
  );
  expect(ours.length).toBeGreaterThan(6);
  expect(ours.filter((line) => !line.endsWith(': ../../index'))).toEqual([]);
});

describe('The check of the table finds', () => {
  const rowOf = (changes: Partial<Need>): readonly Section[] => [
    { id: 'C0', title: 'controls', needs: [{ need: 'a need', proofs: [], ...changes }] },
  ];

  test('a row without a proof', () => {
    expect(tableProblems(rowOf({}))).toEqual(['a need: no proof']);
  });

  test('two rows of one name', () => {
    const [section] = rowOf({ proofs: [{ by: 'limit', row: 'Silences as code' }] });
    expect(tableProblems([section!, section!])).toEqual(['a need: two rows']);
  });

  test('a limit that is not documented, or that has no reason', () => {
    const row = rowOf({ proofs: [{ by: 'limit', row: 'Dancing' }] });
    const problem = 'a need: "Dancing" has no row in docs/limits.md';
    expect(tableProblems(row)).toEqual([problem]);
    expect(tableProblems(row, new Map([['Dancing', 'no']]))).toEqual([problem]);
    expect(tableProblems(row, new Map([['Dancing', 'no | there is no music']]))).toEqual([]);
  });

  test('the worst part of a row', () => {
    const prop: Proof = { by: 'prop', make: platform, shows: () => undefined };
    const limit: Proof = { by: 'limit', row: 'Silences as code' };
    expect(verdictOf({ need: 'a need', proofs: [limit, prop] })).toBe('limit');
    expect(isMet({ need: 'a need', proofs: [prop, limit] })).toBe(false);
    expect(isMet({ need: 'a need', proofs: [prop] })).toBe(true);
  });

  test.each<[string, Proof]>([
    ['shows nothing', { by: 'prop', make: platform, shows: () => undefined }],
    [
      'is true of the defaults',
      { by: 'prop', make: platform, shows: (manifests) => expect(manifests).not.toEqual([]) },
    ],
    [
      'is not what synthesis writes',
      { by: 'prop', make: platform, shows: (manifests) => expect(manifests).toEqual([]) },
    ],
    ['names a block that the page does not have', { by: 'recipe', page: 'oidc.md', block: 9, shows: () => undefined }],
    ['refuses nothing', { by: 'refused', make: platform, message: 'name is "x": write another' }],
  ])('a proof that %s', (_what, proof) => {
    expect(() => prove(proof)).toThrow();
  });
});

describeWithTools(['promtool', 'amtool'], 'The configurations that the needs write', () => {
  /** The objects of each namespace, of every proof. */
  const installations = () =>
    needs
      .flatMap(({ proofs }) => proofs.filter(writes))
      .map(written)
      .flatMap((manifests) =>
        [...new Set(manifests.map(({ metadata }) => metadata.namespace))].map((namespace) =>
          manifests.filter(({ metadata }) => metadata.namespace === namespace),
        ),
      );

  /** The installations whose configurations differ. */
  function distinct(configMap: string): readonly (readonly Manifest[])[] {
    const byContent = new Map(
      installations().flatMap((manifests) => {
        const [config] = findAll(manifests, 'ConfigMap', configMap);
        return config ? [[JSON.stringify(config.data), manifests] as const] : [];
      }),
    );
    expect(byContent.size).toBeGreaterThan(10);
    return [...byContent.values()];
  }

  test('would not be accepted with a mistake', () => {
    const withMistake = (configMap: string, file: string) =>
      made(platform).map((object) =>
        object.kind === 'ConfigMap' && object.metadata.name === configMap
          ? { ...object, data: { [file]: `${object.data[file]}\nmistake: true\n` } }
          : object,
      );
    const prometheus = layOutPrometheus(withMistake('prometheus-config', 'prometheus.yml'), temporaryDirectory());
    for (const options of [[], ['--syntax-only']]) {
      const outcome = runTool('promtool', 'check', 'config', ...options, prometheus);
      expect(complaints(outcome)).toContain('field mistake not found');
    }
    const alertmanager = layOutAlertmanager(
      withMistake('alertmanager-config', 'alertmanager.yml'),
      temporaryDirectory(),
    );
    expect(complaints(runTool('amtool', 'check-config', alertmanager))).toContain('field mistake not found');
  });

  test('are accepted by promtool', () => {
    const files = distinct('prometheus-config').map((manifests) => {
      const root = temporaryDirectory();
      const text = configFiles(manifests, 'prometheus-config')['prometheus.yml']!;
      writeSecrets(text, root);
      return { text, path: layOutPrometheus(manifests, root) };
    });
    // promtool reads certificates, and files that others write.
    const reads = ({ text }: { text: string }) => /cert_file|\/vault\//.test(text);
    const pathsOf = (chosen: typeof files) => chosen.map(({ path }) => path);
    const whole = runTool('promtool', 'check', 'config', ...pathsOf(files.filter((file) => !reads(file))));
    const syntax = runTool('promtool', 'check', 'config', '--syntax-only', ...pathsOf(files.filter(reads)));
    expect([complaints(whole), complaints(syntax)]).toEqual(['', '']);
  }, 60_000);

  test('are accepted by amtool', () => {
    const files = distinct('alertmanager-config').map((manifests) =>
      layOutAlertmanager(manifests, temporaryDirectory()),
    );
    expect(complaints(runTool('amtool', 'check-config', ...files))).toBe('');
  }, 60_000);
});
