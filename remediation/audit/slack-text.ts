import { visibleText } from '../visible-text';

/** Longest text that Slack shows whole. https://docs.slack.dev/reference/methods/chat.postMessage/#truncating */
const LONGEST = 4_000;

/**
 * A message as text for Slack. Names and labels of alerts come from outside: without this, `<!channel>` in one notifies
 * everybody, and `<https://…|Sign in>` is a link. https://docs.slack.dev/messaging/formatting-message-text/#escaping
 */
export function slackText(message: string): string {
  const shown = message.length > LONGEST ? `${message.slice(0, LONGEST)}…` : message;
  return visibleText(shown).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
