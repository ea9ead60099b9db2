import fc from 'fast-check';
import { slackText } from '../../../remediation/audit/slack-text';

test.each([
  ['<!channel> <@U012> <#C012>', '&lt;!channel&gt; &lt;@U012&gt; &lt;#C012&gt;'],
  ['<http://evil.example|Reset your password>', '&lt;http://evil.example|Reset your password&gt;'],
  ['&lt;!here&gt;', '&amp;lt;!here&amp;gt;'],
  ['a\u0000b\u001b[31mc\rd\te', 'a�b�[31mc�d�e'],
  ['line\nline', 'line\nline'],
  ['right\u202eto left\u2066 \u200bnothing\ufeff', 'right�to left� �nothing�'],
  [':warning: `restart` on Zürich 東京 👍', ':warning: `restart` on Zürich 東京 👍'],
])('%j is posted as %j', (message, posted) => {
  expect(slackText(message)).toBe(posted);
});

test('a long message is cut', () => {
  expect(slackText('x'.repeat(4_000))).toHaveLength(4_000);
  expect(slackText('x'.repeat(5_000))).toBe(`${'x'.repeat(4_000)}…`);
});

test('no message has a mention or a link', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (message) => {
      expect(slackText(message)).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
    }),
  );
});
