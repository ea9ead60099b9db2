import fc from 'fast-check';
import { placeholdersOf, renderQuery } from '../../remediation/promql';

describe('a placeholder', () => {
  test.each([
    ['up{$name="a"}', '$name'],
    ['$name', '$name'],
    ['up{a="b"} > $limit', '$limit'],
    ['sum by ($name) (up{name="$name"})', '$name'],
    ["up{a='b'}[$range]", '$range'],
  ])('may not stand outside a string: %s', (query, placeholder) => {
    const message = `${placeholder} stands outside a string: write it between quotes, {name="${placeholder}"}`;
    expect(() => placeholdersOf(query)).toThrow(message);
    expect(() => renderQuery(query, { name: 'a', limit: '1', range: '5m' })).toThrow(message);
  });

  test('is found once, in strings of every kind, and not in a comment', () => {
    const query = 'up{a="$one", b=\'$two\', c=`$three`, d=~"$one-$four_4"} # $five';
    expect(placeholdersOf(query)).toEqual(['one', 'two', 'three', 'four_4']);
    expect(renderQuery('up # $five', {})).toBe('up # $five');
  });

  test('is no group of a pattern', () => {
    expect(placeholdersOf('label_replace(up, "a", "$1-${2}", "b", "(.*)-(.*)$")')).toEqual([]);
  });
});

describe('a value', () => {
  test.each([
    ['{ip=~"$ip"}', '1.2.3.4', '{ip=~"1\\\\.2\\\\.3\\\\.4"}'],
    ['{ip!~"$ip"}', '.*', '{ip!~"\\\\.\\\\*"}'],
    ['{app="a"} |~ "$ip"', 'a|b', '{app="a"} |~ "a\\\\|b"'],
    ['{app="a"} |~ `$ip`', 'a|b', '{app="a"} |~ `a\\|b`'],
    ["{ip='$ip'}", `it's "x"`, `{ip='it\\'s "x"'}`],
    ['{ip="$ip"}', `it's "x"`, `{ip="it's \\"x\\""}`],
    ['{ip=`$ip`}', '"} or up', '{ip=`"} or up`}'],
    ['{ip="$ip"}', '\u0000\u001b\u0085', '{ip="\\u0000\\u001b\\u0085"}'],
  ])('stands for itself: %s with %j', (query, ip, rendered) => {
    expect(renderQuery(query, { ip })).toBe(rendered);
  });

  test('with a backquote fits between no backquotes', () => {
    expect(() => renderQuery('{ip=`$ip`}', { ip: '`} or up #' })).toThrow(
      'the value of $ip has a backquote: write the string in double quotes',
    );
  });

  test('that an object has without being told is none', () => {
    expect(() => renderQuery('{ip="$constructor"}', {})).toThrow(
      'the query has no value for $constructor: it may use none',
    );
  });

  test('is the text that the server reads', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (ip) => {
        const [, text] = /^\{ip=(".*")\}$/s.exec(renderQuery('{ip="$ip"}', { ip }))!;
        expect(JSON.parse(text!)).toBe(ip);
      }),
      { numRuns: 500 },
    );
  });
});
