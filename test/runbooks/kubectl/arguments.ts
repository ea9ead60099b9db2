import type { Word } from './shell';

/** Options with a value, and their long names. */
const VALUED: { readonly [option: string]: string } = {
  '-c': '--container',
  '-f': '--filename',
  '-L': '--label-columns',
  '-l': '--selector',
  '-n': '--namespace',
  '-o': '--output',
  '-p': '--patch',
  ...Object.fromEntries(
    [
      ...['as', 'container', 'containers', 'field-selector', 'filename', 'for', 'from', 'image', 'limits', 'namespace'],
      ...['max-log-requests', 'output', 'patch', 'profile', 'raw', 'replicas', 'revision', 'selector', 'since'],
      ...[
        'sort-by',
        'subresource',
        'tail',
        'label-columns',
        'request-timeout',
        'timeout',
        'to-revision',
        'type',
        'grace-period',
        'requests',
      ],
    ].map((name) => [`--${name}`, `--${name}`]),
  ),
};

/** Options without a value, or whose value always follows `=`. */
const FLAGS = [
  ...[
    '-A',
    '-i',
    '-t',
    '-it',
    '-w',
    '--all-containers',
    '--all-namespaces',
    '--all-pods',
    '--delete-emptydir-data',
    '--follow',
  ],
  ...[
    '--force',
    '--ignore-daemonsets',
    '--ignore-errors',
    '--list',
    '--no-headers',
    '--overwrite',
    '--prefix',
    '--previous',
  ],
  ...[
    '--show-labels',
    '--show-managed-fields',
    '--stdin',
    '--timestamps',
    '--tty',
    '--wait',
    '--watch',
    '--all',
    '--containers',
  ],
  ...['--disable-eviction', '--minify'],
];

/** The parsed arguments of a kubectl command. */
export interface Arguments {
  readonly positional: readonly Word[];
  readonly options: ReadonlyMap<string, string>;
  /** Unknown options. */
  readonly unknown: readonly Word[];
}

/** Parses the words after the verb. Those after `--` belong to another program. */
export function argumentsOf(words: readonly Word[]): Arguments {
  const end = words.indexOf('--');
  const own = end < 0 ? words : words.slice(0, end);
  const positional: Word[] = [];
  const unknown: Word[] = [];
  const options = new Map<string, string>();
  for (let index = 0; index < own.length; index++) {
    const word = own[index]!;
    const [name, ...value] = word.split('=') as [string, ...string[]];
    if (!word.startsWith('-')) {
      positional.push(word);
    } else if (name in VALUED) {
      options.set(VALUED[name]!, value.length > 0 ? value.join('=') : (own[++index] ?? ''));
    } else if (FLAGS.includes(name)) {
      options.set(name === '-A' ? '--all-namespaces' : name, value.join('='));
    } else {
      unknown.push(word);
    }
  }
  return { positional, options, unknown };
}

/** Whether a word contains something that the reader replaces: `<pod>`, or a shell variable. */
export function isPlaceholder(word: Word): boolean {
  return /<[a-z][^<>]*>|\$\w+|\$\{\w+\}/.test(word);
}
