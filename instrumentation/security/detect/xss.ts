import { type InspectionContext, readingsOf } from './decode';

/** Control characters and spaces that browsers skip inside of a scheme and between the parts of a tag. */
const SKIPPED = /[^\P{Cc}\t\n\r]|[\p{Cf}\u2028\u2029]/gu;

/** Attributes of a tag up to the one in question. */
const ATTRIBUTES = '[^<>]{0,600}?';

/** Elements and attributes that run code. All repetition is bounded. */
const ELEMENTS: readonly RegExp[] = [
  /<\s{0,5}\/?\s{0,5}script(?:[\s/>:"'&#]|$)/i,
  new RegExp(`<[a-z!?/][\\w:-]{0,40}(?:[\\s/"'\`]${ATTRIBUTES}|)[\\s/"'\`]on[a-z]{3,32}\\s{0,20}=`, 'i'),
  new RegExp(
    `<(?:iframe|frame|embed|object|portal)\\b${ATTRIBUTES}\\b(?:srcdoc\\s{0,9}=|(?:src|data)\\s{0,9}=\\s{0,9}["']?\\s{0,9}(?:javascript|data|vbscript):)`,
    'i',
  ),
  /<(?:object|applet|embed|base|isindex|bgsound|layer|ilayer|frameset|xml|handler|listener)\b[^<>]{0,300}\b(?:src|data|href|code|action|classid|event|xlink:href|codebase|archive|onload|type)\s{0,9}=/i,
  /<meta\b[^<>]{0,300}http-equiv\s{0,9}=\s{0,9}["']?\s{0,9}(?:refresh|set-cookie|link)/i,
  /<link\b[^<>]{0,300}rel\s{0,9}=\s{0,9}["']?\s{0,9}(?:import|stylesheet|xss)["']?[^<>]{0,300}href\s{0,9}=\s{0,9}["']?\s{0,9}(?:javascript:|data:|\/\/|https?:)/i,
  /<(?:animate|set|animatemotion|animatetransform)\b[^<>]{0,300}\b(?:values|to|from|by)\s{0,9}=\s{0,9}["']?\s{0,9}javascript:/i,
  /<(?:style|[a-z]{1,20}\s[^<>]{0,300}style)\b[^<]{0,400}(?:expression\s{0,9}\(|javascript:|vbscript:|-moz-binding|behaviou?r\s{0,9}:\s{0,9}url|@import\s{0,9}["'(u])/i,
  /<!(?:--)?\[(?:if|CDATA)\b[\s\S]{0,100}<|<\?(?:php|xml-stylesheet|import)\b/i,
  /<[a-z][\w:-]{0,40}\b[^<>]{0,300}\b(?:formaction|xlink:href|href|src|action|background|lowsrc|dynsrc|poster|data|code|from|to)\s{0,9}=\s{0,9}["'`]?\s{0,9}(?:j\s{0,3}a\s{0,3}v\s{0,3}a|vb|live)\s{0,3}s\s{0,3}c\s{0,3}r\s{0,3}i\s{0,3}p\s{0,3}t\s{0,9}:/i,
  /<[a-z][\w:-]{0,40}\b[^<>]{0,300}=\s{0,9}["'`]?\s{0,9}data:(?:text\/html|text\/javascript|application\/(?:javascript|xhtml)|image\/svg\+xml)/i,
];

/** Values that leave an attribute or a script that they are pasted into. */
const BREAKOUTS: readonly RegExp[] = [
  /^[^<>]{0,200}["'][\s/]{0,20}(?:[\w-]{1,40}(?:=["'`]?[^"'`<>\s]{0,60}["'`]?)?\s{1,9}){0,3}on[a-z]{3,32}\s{0,9}=\s{0,9}["'`]?[^\s"'`]/i,
  /^\s{0,20}on(?:error|load|click|mouse\w{2,8}|focus\w{0,3}|blur|key\w{2,8}|pointer\w{2,8}|animation\w{2,9}|toggle|begin)\s{0,9}=\s{0,9}["'`]?[\w$.[\]]{1,40}[(=`]/i,
  /^[^\n]{0,60}["'`)};]\s{0,5}[-+*;,|&^%)\]}]{1,4}\s{0,5}(?:\w{1,20}=)?(?:(?:window|self|top|parent|globalThis|document)(?:\.|\[)|(?:alert|confirm|prompt|eval|fetch|setTimeout|setInterval|Function|import|atob|print)\s{0,5}[(`])/,
  /(?:^|["'(=\s>])\s{0,5}(?:java|vb|live)script\s{0,5}:\s{0,3}(?:\/\/|\/\*|void\b|%0[ad]|[\w$.[\]'"+]{1,60}[(`=])/i,
  /^\s{0,9}data:(?:text\/html|text\/javascript|application\/(?:xhtml\+xml|javascript)|image\/svg\+xml)[;,]/i,
  /\{\{[^{}\n]{0,200}(?:constructor|\$eval|\$on|__proto__|toString\(\)\.|\[\].{0,40}(?:filter|map|sort))[^\n]{0,200}/i,
  /\$\{[^{}\n]{0,60}\b(?:alert|confirm|prompt|eval|fetch|document|window|constructor)\b/,
  /(?:^|[^\w.])(?:eval|setTimeout|setInterval|Function)\s{0,5}\(\s{0,5}(?:String\.fromCharCode|atob|unescape|decodeURI(?:Component)?|location|name)\b/,
  /(?:window|self|top|parent|globalThis|this)\[\s{0,5}["'`/][^\]\n]{0,60}\]\s{0,5}[(`[]/,
  /document\s{0,3}(?:\.|\[["'])\s{0,3}(?:cookie|domain)\b.{0,3}(?:[+;)"'&]|$)[^\n]{0,80}(?:location|fetch|src|https?:|XMLHttp|$)/i,
  /[-+/%^|&*?]\s{0,5}(?:alert|confirm|prompt)\s{0,3}(?:\(\s{0,3}[\w."'`/]{0,40}\s{0,3}\)|`[^`\n]{0,40}`)\s{0,5}[-+/%^|&*]/,
];

const ALL: readonly RegExp[] = [...ELEMENTS, ...BREAKOUTS];

/**
 * Whether a text would run code in the page that shows it.
 *
 * In content, only HTML that runs code counts: an editor's text may speak of JavaScript, and may show escaped HTML. A
 * parameter may also leave an attribute or a script that it is pasted into.
 */
export function isXss(input: string, context: InspectionContext = 'parameter'): boolean {
  const rules = context === 'content' ? ELEMENTS : ALL;
  return readingsOf(input, context).some((reading) => {
    const text = reading.replace(SKIPPED, '');
    return rules.some((rule) => rule.test(text)) || (context === 'parameter' && hasHiddenScheme(text));
  });
}

/** `java\nscript:` is a scheme, because browsers remove line breaks and tabs from URLs. */
function hasHiddenScheme(text: string): boolean {
  return (
    /[\t\n\r]/.test(text) &&
    /(?:^|["'(=])\s{0,5}j[\t\n\r]{0,3}a[\t\n\r]{0,3}v[\t\n\r]{0,3}a[\t\n\r]{0,3}s[\t\n\r]{0,3}c[\t\n\r]{0,3}r[\t\n\r]{0,3}i[\t\n\r]{0,3}p[\t\n\r]{0,3}t[\t\n\r]{0,3}:/i.test(
      text,
    )
  );
}
