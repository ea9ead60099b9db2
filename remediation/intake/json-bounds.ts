/** Largest sizes of a JSON text. */
export interface JsonBounds {
  /** Arrays and objects within each other. */
  readonly depth: number;
  /** Members of objects and elements of arrays, all together. */
  readonly entries: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Checks the size of a JSON text before it is parsed: a small text can describe a large tree, and the parser would take
 * the memory of the whole process for it. A text that is not JSON may pass.
 *
 * @returns what is too large, or `undefined`
 */
export function exceeded(text: Uint8Array, bounds: JsonBounds): string | undefined {
  let depth = 0;
  let entries = 0;
  for (let index = 0; index < text.length; index += 1) {
    switch (text[index]) {
      case QUOTE:
        index = endOfString(text, index);
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        // A list of n elements has n - 1 commas.
        entries += 1;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
        break;
      case 0x2c: // ,
        entries += 1;
        break;
    }
    if (depth > bounds.depth) {
      return `more than ${bounds.depth} arrays or objects are within each other`;
    }
    if (entries > bounds.entries) {
      return `more than ${bounds.entries} entries`;
    }
  }
  return undefined;
}

/** Index of the quote that ends the string which begins at an index. */
function endOfString(text: Uint8Array, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    if (text[index] === BACKSLASH) {
      index += 1;
    } else if (text[index] === QUOTE) {
      return index;
    }
  }
  return text.length;
}
