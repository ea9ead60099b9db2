import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PAGE_POLICY, RunbookPages } from '../../../remediation/intake/runbook-pages';
import { temporaryDirectory } from '../../../testing/cleanup';

const directory = temporaryDirectory();
const pages = new RunbookPages(directory);

/** The body of a page of Markdown. */
function bodyOf(markdown: string): string {
  writeFileSync(join(directory, 'Sample.md'), markdown);
  return /<\/nav>\n(.*)\n<\/body>/s.exec(pages.page('Sample')!)![1]!;
}

test.each([
  '<script>alert(1)</script>',
  'text <img src=x onerror=alert(1)> text',
  '<svg/onload=alert(1)>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<style>body { display: none }</style>',
  '<!-- --><base href="https://evil.example">',
  '<meta http-equiv="refresh" content="0; url=https://evil.example">',
  '- item <form action="https://evil.example"><input name=password></form>',
  '| a |\n|---|\n| <script>alert(1)</script> |',
  '`<script>`',
])('HTML in Markdown is shown as text: %s', (markdown) => {
  const body = bodyOf(markdown);
  expect(body).not.toMatch(/<(?!\/?(?:p|ul|li|table|thead|tbody|tr|th|td|code)>)/);
  expect(body).toMatch(/&(?:#60|lt);/);
});

test.each([
  '[link](javascript:alert(1))',
  '[link](JaVaScRiPt:alert(1))',
  '[link](java&#115;cript:alert(1))',
  '[link](<java\tscript:alert(1)>)',
  '[link](&#1;javascript:alert(1))',
  '[link](data:text/html,<script>alert(1)</script>)',
  '[link](vbscript:x)',
  '[link]: javascript:alert(1)\n\n[link]',
  '![image](javascript:alert(1))',
])('a link that runs a script leads nowhere: %j', (markdown) => {
  const addresses = [...bodyOf(markdown).matchAll(/(?:href|src)="([^"]*)"/g)].map(([, address]) => address);
  expect(addresses).toEqual(['#']);
});

test.each([
  ['[link](https://example.com/?a=1)', 'https://example.com/?a=1'],
  ['[link](mailto:oncall@example.com)', 'mailto:oncall@example.com'],
  ['[link](PostgresDown.md)', 'PostgresDown'],
  ['[link](PostgresDown.md#fix)', 'PostgresDown#fix'],
  ['[link](#fix)', '#fix'],
])('another link is kept: %s', (markdown, address) => {
  expect(bodyOf(markdown)).toContain(`href="${address}"`);
});

test('a name of a file is shown as text', () => {
  writeFileSync(join(directory, '<b>"x.md'), 'text');
  expect(readdirSync(directory)).toContain('<b>"x.md');
  expect(pages.index()).toContain('<a href="/runbooks/%3Cb%3E%22x">&#60;b&#62;&#34;x</a>');
  expect(pages.page('<b>"x')).toContain('<title>&#60;b&#62;&#34;x</title>');
});

test('the policy of a page allows its style, and nothing else', () => {
  const style = /<style>(.*)<\/style>/s.exec(pages.index())![1]!;
  const digest = createHash('sha256').update(style).digest('base64');
  expect(PAGE_POLICY.styleSrc).toEqual([`'sha256-${digest}'`]);
  expect(PAGE_POLICY.defaultSrc).toEqual(["'none'"]);
});
