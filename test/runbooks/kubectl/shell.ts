/** A word of a command line, as the shell passes it to the program. */
export type Word = string;

/** Shell code in a runbook. */
interface Snippet {
  readonly line: number;
  readonly text: string;
  /** Whether it is part of the prose, which may mention a command without an object. */
  readonly inline: boolean;
}

/** A kubectl command in a runbook. */
export interface KubectlCommand {
  readonly line: number;
  readonly inline: boolean;
  /** The words after `kubectl`. */
  readonly words: readonly Word[];
}

const SEPARATORS = ['&&', '||', '|', ';', '&', '\n', '(', ')'];

/** Words that may precede a command. */
const PREFIXES = ['do', 'then', 'sudo', 'time'];

/** Every kubectl command in a runbook: in its shell blocks, and between backticks in its prose. */
export function kubectlCommands(markdown: string): KubectlCommand[] {
  return snippetsOf(markdown).flatMap(({ line, text, inline }) =>
    commandsOf(text)
      .filter(([program]) => program === 'kubectl')
      .map(([, ...words]) => ({ line, inline, words })),
  );
}

function snippetsOf(markdown: string): Snippet[] {
  const snippets: Snippet[] = [];
  let fence: string | undefined;
  let open: { line: number; text: string; inline: false } | undefined;
  for (const [index, raw] of markdown.split('\n').entries()) {
    const mark = /^\s*```\s*(\S*)/.exec(raw);
    if (mark) {
      fence = fence === undefined ? mark[1]! : undefined;
    } else if (fence === 'bash') {
      open ??= { line: index + 1, text: '', inline: false };
      open.text += raw.replace(/\\$/, '');
      if (!raw.endsWith('\\')) {
        snippets.push(open);
        open = undefined;
      }
    } else if (fence === undefined) {
      snippets.push(
        ...[...raw.matchAll(/`([^`]+)`/g)].map(([, text]) => ({ line: index + 1, text: text!, inline: true })),
      );
    }
  }
  return snippets;
}

/** The commands of a line of shell, including those inside `$(…)`. */
function commandsOf(text: string): Word[][] {
  const nested = [...text.matchAll(/\$\(((?:[^()]|\([^()]*\))*)\)/g)].flatMap(([, inner]) => commandsOf(inner!));
  const commands: Word[][] = [[]];
  for (const token of tokensOf(text.replaceAll(/\$\((?:[^()]|\([^()]*\))*\)/g, '$OUTPUT'))) {
    if (SEPARATORS.includes(token)) {
      commands.push([]);
    } else {
      commands.at(-1)!.push(token);
    }
  }
  return [...commands.map(withoutRedirections).map(withoutPrefix), ...nested].filter(([program]) => program);
}

const TOKEN = /\s*(&&|\|\||[|;&()]|(?:'[^']*'|"(?:\\.|[^"\\])*"|<[a-z][^<>\n]*>|\\.|[^\s'"|;&()\\])+)/gy;

function tokensOf(text: string): Word[] {
  return [...text.matchAll(TOKEN)].map(([, token]) =>
    SEPARATORS.includes(token!)
      ? token!
      : token!.replaceAll(/'([^']*)'|"((?:\\.|[^"\\])*)"/g, (_, one, two) => one ?? two),
  );
}

function withoutRedirections(words: readonly Word[]): Word[] {
  return words.filter((word, index) => !/^\d?>/.test(word) && !/^\d?>>?$/.test(words[index - 1] ?? ''));
}

function withoutPrefix(words: readonly Word[]): Word[] {
  return PREFIXES.includes(words[0] ?? '') ? words.slice(1) : [...words];
}
