import { Yaml } from 'cdk8s';
import fc from 'fast-check';
import { writeManifest } from '../../manifests/write-manifest';
import { readManifests } from '../../testing/manifests';

/** Pieces of texts that YAML could take for something else. */
const PIECES = [
  ...['a', 'B', '0', '1', '9', ' ', '  ', '\n', '\n\n', '\t', '\r', ':', '#', '-', '?', '"', "'", '`', '\\', '/'],
  ...['{', '}', '[', ']', ',', '&', '*', '!', '|', '>', '%', '@', '=', '<<', '~', '.', '_', '---', '...', ': ', ' #'],
  ...[
    'yes',
    'No',
    'on',
    'OFF',
    'true',
    'False',
    'null',
    'Null',
    'y',
    'N',
    '.inf',
    '.NaN',
    '0x1f',
    '0o17',
    '1e3',
    '1:20',
  ],
  ...['2026-01-01', '—', 'ü', '\u00a0', '\u2028', '\u0007', '\ud800', '😀', 'word', 'image:tag', 'key: value'],
];
const text = fc.oneof(
  { weight: 3, arbitrary: fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => pieces.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
);
const key = fc.oneof(fc.constantFrom('metadata', 'app.kubernetes.io/name', 'a-b', '$ref'), text);
const { object } = fc.letrec<{ object: Record<string, unknown>; value: unknown }>((tie) => ({
  object: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    text,
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
}));

test('a manifest is written as cdk8s writes it', () => {
  fc.assert(
    fc.property(object, (manifest) => {
      expect(writeManifest(manifest)).toBe(Yaml.stringify(manifest));
    }),
    { numRuns: 3000 },
  );
});

test('every manifest of dist is written as cdk8s writes it', () => {
  const manifests = readManifests();
  expect(manifests.map(writeManifest)).toEqual(manifests.map((manifest) => Yaml.stringify(manifest)));
});

test('long texts stay readable', () => {
  expect(writeManifest({ data: { 'rules.yaml': 'groups:\n  - name: a\n\n  - name: b\n' } })).toBe(
    'data:\n  rules.yaml: |\n    groups:\n      - name: a\n\n      - name: b\n',
  );
});
