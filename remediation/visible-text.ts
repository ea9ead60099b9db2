/**
 * Characters that change how a text is shown without being seen: control characters other than the line feed, and those
 * that change the direction of text or have no width (https://www.unicode.org/reports/tr9/#Directional_Formatting_Codes).
 */
const INVISIBLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** A text from outside, e.g. of a log: nothing in it moves the cursor of a terminal or reverses what people read. */
export function visibleText(text: string): string {
  return text.replace(INVISIBLE, '�');
}
