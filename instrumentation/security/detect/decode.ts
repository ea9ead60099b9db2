/** What the inspected text is. It decides how it is read. */
export type InspectionContext = 'parameter' | 'content';

/** Characters at the beginning and the end of a text that are inspected. */
const HEAD = 24_576;
const TAIL = 8_192;

/** Attackers encode two and three times, to pass a filter that decodes once. */
const ROUNDS = 4;

/**
 * The readings of a text that a browser, a proxy or a database could arrive at: as it is, and after each round of
 * decoding. In content, HTML entities and code in Markdown stay text, because that is how an editor shows code.
 */
export function readingsOf(input: string, context: InspectionContext): readonly string[] {
  const text = input.length > HEAD + TAIL ? `${input.slice(0, HEAD)}\n${input.slice(-TAIL)}` : input;
  const first = context === 'content' ? withoutMarkdownCode(text) : text;
  const starts = context === 'content' ? [first] : [first, formDecoded(first), base64Decoded(first)];
  const readings = new Set<string>();
  for (const start of starts) {
    let current = start?.normalize('NFKC');
    for (let round = 0; current !== undefined && !readings.has(current) && round <= ROUNDS; round++) {
      readings.add(current);
      current = decodeOnce(current, context).normalize('NFKC');
    }
  }
  return [...readings];
}

function decodeOnce(text: string, context: InspectionContext): string {
  const characters = decodeUtf7(decodeEscapes(decodePercent(text)));
  return context === 'content' ? characters : decodeEntities(characters);
}

/** Fenced blocks and code spans. */
function withoutMarkdownCode(text: string): string {
  return text
    .replace(/^ {0,3}(```|~~~)[^\n]{0,200}\n[\s\S]{0,20000}?(?:^ {0,3}\1|$(?![\s\S]))/gm, '')
    .replace(/`[^`\n]{1,500}`/g, '');
}

function decodePercent(text: string): string {
  if (!text.includes('%')) {
    return text;
  }
  return text
    .replace(/%u([\da-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/(?:%[\da-f]{2}){1,8192}/gi, (bytes) => fromBytes(Buffer.from(bytes.replaceAll('%', ''), 'hex')));
}

/** UTF-8. Overlong forms, which a decoder must refuse and some accept, are read as well. */
function fromBytes(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (!text.includes('\uFFFD')) {
    return text;
  }
  let result = '';
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!;
    const next = bytes[index + 1] ?? 0;
    if ((byte === 0xc0 || byte === 0xc1) && (next & 0xc0) === 0x80) {
      result += String.fromCharCode(((byte & 0x1f) << 6) | (next & 0x3f));
      index += 1;
    } else if (byte === 0xe0 && next < 0xa0) {
      result += String.fromCharCode(((next & 0x3f) << 6) | ((bytes[index + 2] ?? 0) & 0x3f));
      index += 2;
    } else {
      result += String.fromCharCode(byte);
    }
  }
  return result;
}

/** Escapes of JavaScript and CSS: `\u003c`, `\x3c`, `\u{3c}`, `\74`. */
function decodeEscapes(text: string): string {
  if (!text.includes('\\')) {
    return text;
  }
  return text
    .replace(/\\(?:u\{([\da-f]{1,6})\}|u([\da-f]{4})|x([\da-f]{2}))/gi, (_, ...hex: string[]) =>
      character(Number.parseInt(hex[0] ?? hex[1] ?? hex[2] ?? '', 16)),
    )
    .replace(/\\([0-3]?[0-7]{2})(?!\d)/g, (_, octal: string) => character(Number.parseInt(octal, 8)));
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', ' '],
  ['tab', '\t'],
  ['newline', '\n'],
  ['colon', ':'],
  ['lpar', '('],
  ['rpar', ')'],
  ['equals', '='],
  ['sol', '/'],
  ['semi', ';'],
  ['grave', '`'],
]);

/** Entities of HTML. Browsers accept numeric ones without the semicolon. */
function decodeEntities(text: string): string {
  if (!text.includes('&')) {
    return text;
  }
  return text
    .replace(/&#x0{0,8}([\da-f]{1,6});?/gi, (_, hex: string) => character(Number.parseInt(hex, 16)))
    .replace(/&#0{0,8}(\d{1,7});?/g, (_, decimal: string) => character(Number(decimal)))
    .replace(/&([a-z]{2,8});/gi, (entity, name: string) => ENTITIES.get(name.toLowerCase()) ?? entity);
}

/** `+ADw-` is `<` in UTF-7, which old browsers guessed. */
function decodeUtf7(text: string): string {
  return text.includes('+A')
    ? text.replace(/\+(A[A-Za-z\d/]{1,24})-/g, (whole, base64: string) => {
        const bytes = Buffer.from(base64, 'base64');
        const decoded = bytes
          .subarray(0, bytes.length & ~1)
          .swap16()
          .toString('utf16le');
        return /^[ -~]{1,20}$/.test(decoded) ? decoded : whole;
      })
    : text;
}

/** A form writes a space as `+`. */
function formDecoded(text: string): string | undefined {
  return text.includes('+') && !/\s/.test(text) ? decodePercent(text.replaceAll('+', ' ')) : undefined;
}

/** The text of a value that is Base64 as a whole. */
function base64Decoded(text: string): string | undefined {
  if (text.length < 12 || text.length > 8_192 || !/^[A-Za-z\d+/_-]{10,8192}={0,2}$/.test(text)) {
    return undefined;
  }
  const decoded = Buffer.from(text, 'base64').toString('latin1');
  return /^[\t\n\r -~]{8,8192}$/.test(decoded) ? decoded : undefined;
}

function character(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '';
}
