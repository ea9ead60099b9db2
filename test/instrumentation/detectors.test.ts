import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type InspectionContext, isPathTraversal, isSqlInjection, isXss } from '../../instrumentation';
import { ROOT } from '../../tools/catalogue';
import { BENIGN_CONTENT, BENIGN_VALUES } from './support/benign';
import { ENCODINGS } from './support/encodings';
import { SQL_INJECTIONS, TRAVERSALS, XSS } from './support/payloads';

type Detector = (text: string) => boolean;

const DETECTORS: readonly (readonly [string, readonly string[], Detector])[] = [
  ['SQL injection', SQL_INJECTIONS, (text) => isSqlInjection(text)],
  ['cross-site scripting', XSS, (text) => isXss(text)],
  ['path traversal', TRAVERSALS, isPathTraversal],
];

const detected = (texts: readonly string[], detector: Detector) => texts.filter(detector).length / texts.length;

describe.each(DETECTORS)('%s', (_name, payloads, detector) => {
  test.each(Object.entries(ENCODINGS))('is detected in 98 of 100 cases: %s', (_encoding, encode) => {
    expect(payloads.length).toBeGreaterThanOrEqual(10);
    expect(detected(payloads.map(encode), detector)).toBeGreaterThanOrEqual(0.98);
  });
});

/** Paragraphs of this repository: prose, Markdown, SQL, PromQL, shell, YAML and TypeScript. */
function paragraphs(...patterns: readonly string[]): readonly string[] {
  const files = execFileSync('git', ['ls-files', ...patterns], { cwd: ROOT, encoding: 'utf8' })
    .trim()
    .split('\n');
  return files
    .filter((file) => !/^test\/|^dist\/|^instrumentation\/security\/detect/.test(file))
    .flatMap((file) => readFileSync(join(ROOT, file), 'utf8').split(/\n{2,}/))
    .filter((text) => text.trim() !== '');
}

const wrong = (texts: readonly string[], context: InspectionContext) =>
  texts.filter(
    (text) =>
      isSqlInjection(text, context) || isXss(text, context) || (context === 'parameter' && isPathTraversal(text)),
  );

describe('Benign text', () => {
  test('in a field is never an attack', () => {
    expect(BENIGN_VALUES.length).toBeGreaterThan(90);
    expect(wrong(BENIGN_VALUES, 'parameter')).toEqual([]);
  });

  test('about SQL, HTML and attacks is never an attack in an editor', () => {
    expect(wrong(BENIGN_CONTENT, 'content')).toEqual([]);
  });

  test('of this repository is an attack in fewer than one of 1,000 cases', () => {
    const texts = paragraphs('*.md', '*.sql', '*.yaml');
    expect(texts.length).toBeGreaterThan(5_000);
    expect(wrong(texts, 'content').length / texts.length).toBeLessThan(0.001);
    const short = paragraphs('*.md', '*.sql');
    expect(wrong(short, 'parameter').length / short.length).toBeLessThan(0.001);
  });
});

describe('Content', () => {
  test.each([
    '<p>Hello</p><script>fetch("//evil.example")</script>',
    '<img src=x onerror=alert(1)>',
    '<a href="javascript:alert(1)">x</a>',
    '<svg onload=alert(1)>',
  ])('that runs code is an attack: %s', (html) => {
    expect(isXss(html, 'content')).toBe(true);
  });

  test('is inspected behind much text, and at the end of more than is inspected', () => {
    const attack = '<img src=x onerror=alert(1)>';
    expect(isXss(`${'word '.repeat(4_000)}${attack} and more`, 'content')).toBe(true);
    expect(isXss(`${'word '.repeat(200_000)}${attack}`, 'content')).toBe(true);
  });

  test('behind a code block is inspected', () => {
    expect(isXss('```html\n<b>\n```\n<script>alert(1)</script>', 'content')).toBe(true);
    expect(isXss('`a` <script>alert(1)</script> `b`', 'content')).toBe(true);
  });
});
