import { type InspectionContext, readingsOf } from './decode';
import { type SqlToken, sqlTokens } from './sql-tokens';

/**
 * Whether a text would change a statement that it is pasted into.
 *
 * Words such as SELECT prove nothing in an editor, where people write about SQL. An injection must leave the literal that
 * it is pasted into: it closes a quote, or follows a number, and goes on in SQL. So the text is read as the inside of
 * `'…'`, of `"…"`, and as a bare number or name, and the tokens that follow decide.
 */
export function isSqlInjection(input: string, context: InspectionContext = 'parameter'): boolean {
  return readingsOf(input, context).some(
    (text) => leavesQuote(text, "'") || leavesQuote(text, '"') || leavesNumber(text),
  );
}

/** A value: a literal, a name, a call or a subquery. */
const VALUE = '[n+(]{0,6}(?:[s1vb]|f\\(|\\(E|E)';
const LITERAL = '[n+(]{0,6}[s1v]';

const UNION = /^\)*(?:[&o+,]?[s1vb]?\)*){0,4}Uk?\(*Ek{0,2}(?:[(]*(?:[1sv+]|f\(|b[,k(.)c;]|b\.b)|\()/;
const SUBQUERY = /^\)*(?:[&+o]|n?o)n?\(+E(?:[b1sv+f(k])/;
const TAUTOLOGY = new RegExp(`^\\)*(?:&${VALUE}\\)*){0,3}?&n?(?:${VALUE}[)]*o${LITERAL}|${LITERAL}[)]*n?o${VALUE})`);
const TRUTH = /^\)*&[n(]*1\)*(?:c|;|&)/;
const COMPARED = /^\)*[o+][s1]\)*(?:c|&)/;
const CALL = /^\)*(?:[&+o,]n?\(*)f\(/;

/** Functions that read out data, wait, or raise errors with data in them. */
const PROBING =
  /^(?:sleep|benchmark|pg_sleep|extractvalue|updatexml|load_file|xp_\w+|dbms_\w+|utl_\w+|char|chr|concat|group_concat|concat_ws|version|database|user|current_user|system_user|session_user|ascii|substring|substr|ord|mid|left|right|hex|unhex|exp|floor|rand|randomblob|make_set|elt|row|gtid_subset|json_keys|name_const|polygon|multipoint|lo_import|lo_export|query_to_xml|convert|cast|if|ifnull|iif|exists|length|len|count|sys_eval|ctxsys|row_count|db_name|schema|quote|procedure|analyse)$/;
const WAITING = /^(?:sleep|benchmark|pg_sleep|dbms_\w+|randomblob)$/;

/** A second statement, far enough that it is no prose. */
const STATEMENT =
  /^\s{0,20}(?:select\s+(?:[*\d(@'"]|\w{1,64}\s*(?:\(|,)|[\w.*,\s]{1,80}\bfrom\b)|insert\s+into\s+\w|update\s+\w{1,64}\s+set\b|delete\s+from\s+\w|drop\s+(?:table|database|schema|view|user|role|index|function|procedure|column)\b|create\s+(?:table|user|role|function|view|or\s+replace|database|login)\b|alter\s+(?:table|user|role|login|database|system)\b|truncate\s+(?:table\s+)?\w|exec(?:ute)?(?:\s*\(|\s+(?:master|sp_|xp_|immediate|\w{1,40}\s*['@(]))|declare\s+@|shutdown\b|waitfor\s+(?:delay|time)\b|grant\s+\w[\w\s,]{0,60}\bto\b|merge\s+into|call\s+\w{1,64}\s*\(|copy\s+[\w(]|load\s+data\b|begin\s+(?:declare|dbms)|if\s*\(|vacuum\b|set\s+@)/i;

/** Clauses that follow a closed literal. */
const CLAUSE =
  /^[\s)]{0,20}(?:order\s+by\s+(?:\d|\()|group\s+by\s[\w.,\s()]{1,80}(?:having\b|--|#|$)|having\s+[^\n]{0,40}[=<>]|limit\s+\d{1,9}(?:\s*,\s*\d{1,9})?\s*(?:--|#|;|into|union|$)|into\s+(?:outfile|dumpfile)\b|procedure\s+analyse|waitfor\s+(?:delay|time)|(?:is\s+(?:not\s+)?null|(?:not\s+)?between\s+\S{1,20}\s+and\s+\S{1,20}|(?:not\s+)?in\s*\([^)]{0,80}\))\s*(?:--|#|;|\b(?:and|or|union)\b|\)*\s*$))/i;

function leavesQuote(text: string, quote: string): boolean {
  const place = text.indexOf(quote);
  if (place < 0) {
    return false;
  }
  const before = text.slice(0, place);
  const rest = text.slice(place + 1);
  const plain = uncommented(rest);
  const tokens = sqlTokens(plain);
  if (isProse(before) && !endsInSql(tokens)) {
    return false;
  }
  return goesOn(tokens, plain) || isCutOff(before, rest);
}

/** Four words and more before the quote are a sentence. */
function isProse(before: string): boolean {
  return before.trim().split(/\s+/, 5).length >= 4;
}

/** A sentence goes on in words after what looks like SQL. An injection is SQL to its end, or ends in a comment. */
function endsInSql(tokens: readonly SqlToken[]): boolean {
  const last = tokens.at(-1);
  const names = tokens.filter(({ kind }) => kind === 'b').length;
  return (
    last !== undefined &&
    names * 3 <= tokens.length &&
    (last.kind === 'c' ? last.text.length < 8 : !/\s\S+\s/.test(last.text))
  );
}

function goesOn(tokens: readonly SqlToken[], text: string): boolean {
  const kinds = kindsOf(tokens);
  return (
    UNION.test(kinds) ||
    SUBQUERY.test(kinds) ||
    TAUTOLOGY.test(kinds) ||
    TRUTH.test(kinds) ||
    COMPARED.test(kinds) ||
    isProbingCall(kinds, tokens, PROBING) ||
    CLAUSE.test(text) ||
    startsStatement(kinds, text)
  );
}

/** `admin'--`, `admin' #`, `admin'/*`: the rest of the statement becomes a comment. */
function isCutOff(before: string, rest: string): boolean {
  return (
    !/\s/.test(before.trim()) &&
    /^[\s)]{0,8}(?:;?\s{0,4}(?:--|#|\/\*)[\s+\-!*/]{0,8}|--[^\s-]\S{0,20}|;\s{0,4}%00)$/.test(rest)
  );
}

function leavesNumber(text: string): boolean {
  const plain = uncommented(text);
  const tokens = sqlTokens(plain);
  const kinds = kindsOf(tokens);
  const [, sign = '', value = ''] = /^(\+?)([1v]|b)?/.exec(kinds) ?? [];
  const start = sign.length + value.length;
  const after = kinds.slice(start);
  const isNumber = value === '1' || value === 'v' || kinds.startsWith(')');
  const rest = tokens.slice(start);
  if (isNumber) {
    return (
      (UNION.test(after) && !/^\)*[b,]/.test(after)) ||
      SUBQUERY.test(after) ||
      constantComparison(rest) ||
      isProbingCall(after, rest, PROBING) ||
      CLAUSE.test(plain.replace(/^\s{0,20}[-+]?\s?(?:\d{1,40}(?:\.\d{0,20})?|null)?/i, '')) ||
      (startsStatement(after, plain) && /^\)*;/.test(after)) ||
      (/^\)*;?c$/.test(after) && /^\s{0,5}-?\d{1,20}\)*\s{0,5};?(?:--|#|\/\*)\s{0,3}[-+]?$/.test(text))
    );
  }
  const afterName = value === 'b' ? after : kinds;
  return (
    /^Uk?\(*Ek{0,2}\(*(?:[1sv+]|f\(|b[,k(.]|b\.b)/.test(afterName) ||
    /^\(+E(?:\(|k?f\(E)/.test(kinds) ||
    (/^\(+E/.test(kinds) && tokens.some(({ kind, text: name }) => kind === 'f' && WAITING.test(name))) ||
    constantComparison(rest) ||
    (afterName.startsWith(';') && startsStatement(afterName, plain)) ||
    isProbingCall(after, rest, WAITING)
  );
}

/** `and 1=1`, `or 'a'='a'`, `) or (2>1`: both sides are constants. */
function constantComparison(tokens: readonly SqlToken[]): boolean {
  const kinds = kindsOf(tokens);
  const match = /^\)*(?:o[s1]\)*)?&[n+(]{0,6}([s1])\)*(n?o)[+(]{0,4}([s1])/.exec(kinds);
  const flat = /^\)*&[n(]{0,4}1\)*c/.test(kinds);
  if (!match) {
    return flat;
  }
  const left = match[0].length - 1;
  const values = tokens.slice(0, left + 1).filter(({ kind }) => kind === 's' || kind === '1');
  const [one, other] = values.slice(-2);
  return tokens[0]?.kind !== 'o' || one?.text === other?.text;
}

function isProbingCall(kinds: string, tokens: readonly SqlToken[], names: RegExp): boolean {
  return CALL.test(kinds) && names.test(tokens.find(({ kind }) => kind === 'f')?.text ?? '');
}

/** A second statement after a semicolon among the first tokens. */
function startsStatement(kinds: string, text: string): boolean {
  if (!/^[^;]{0,12};/.test(kinds)) {
    return false;
  }
  const place = text.indexOf(';');
  return place >= 0 && place < 200 && STATEMENT.test(text.slice(place + 1, place + 400));
}

/** Comments inside of the text stand for spaces. Of a conditional comment of MySQL, the content counts. */
function uncommented(text: string): string {
  return text
    .replace(/\/\*!\d{0,5}/g, ' ')
    .replace(/\/\*[^*]{0,400}\*\//g, ' ')
    .replaceAll('\0', '');
}

function kindsOf(tokens: readonly SqlToken[]): string {
  return tokens.map(({ kind }) => kind).join('');
}
