/** Longest text that Slack shows whole. https://docs.slack.dev/reference/methods/chat.postMessage/#truncating */
const LONGEST = 4_000;

/**
 * Characters that change how a text is shown without being seen: control characters other than the line feed, and those
 * that change the direction of text or have no width (https://www.unicode.org/reports/tr9/#Directional_Formatting_Codes).
 */
const INVISIBLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/**
 * A message as text for Slack. Names and labels of alerts come from outside: without this, `<!channel>` in one notifies
 * everybody, and `<https://…|Sign in>` is a link. https://docs.slack.dev/messaging/formatting-message-text/#escaping
 */
export function slackText(message: string): string {
  const shown = message.length > LONGEST ? `${message.slice(0, LONGEST)}…` : message;
  return shown.replace(INVISIBLE, '�').replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
