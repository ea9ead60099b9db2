const each = (text: string, write: (character: string, code: number) => string) =>
  [...text].map((character) => write(character, character.codePointAt(0)!)).join('');

const hex = (code: number, digits: number) => code.toString(16).padStart(digits, '0');
const special = (character: string) => /[^A-Za-z0-9 ]/.test(character);
const percent = (text: string) =>
  each(text, (character) => encodeURIComponent(character).replace(/[!'()*]/g, (c) => `%${hex(c.charCodeAt(0), 2)}`));

/** Encodings that attackers use, which a browser, a proxy or the application may decode. */
export const ENCODINGS: Readonly<Record<string, (text: string) => string>> = {
  plain: (text) => text,
  percent,
  'percent, all characters': (text) => Buffer.from(text).toString('hex').replace(/../g, '%$&'),
  'percent twice': (text) => percent(percent(text)),
  'percent three times': (text) => percent(percent(percent(text))),
  form: (text) => percent(text).replaceAll('%20', '+'),
  '%uXXXX': (text) => each(text, (character, code) => (special(character) ? `%u${hex(code, 4)}` : character)),
  'decimal entities': (text) => each(text, (character, code) => (special(character) ? `&#${code};` : character)),
  'hexadecimal entities': (text) =>
    each(text, (character, code) => (special(character) ? `&#x${hex(code, 6)};` : character)),
  'JavaScript escapes': (text) =>
    each(text, (character, code) => (special(character) ? `\\u${hex(code, 4)}` : character)),
  'hexadecimal escapes': (text) =>
    each(text, (character, code) => (special(character) ? `\\x${hex(code, 2)}` : character)),
  'overlong UTF-8': (text) =>
    each(text, (character, code) =>
      special(character) && code < 0x80 ? `%${hex(0xc0 | (code >> 6), 2)}%${hex(0x80 | (code & 0x3f), 2)}` : character,
    ),
  fullwidth: (text) =>
    each(text, (character, code) =>
      special(character) && code < 0x7f ? String.fromCodePoint(code + 0xfee0) : character,
    ),
  Base64: (text) => Buffer.from(text).toString('base64'),
  'leading spaces': (text) => `  ${text}`,
};
