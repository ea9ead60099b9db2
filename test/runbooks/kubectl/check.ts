import { type Arguments, argumentsOf, isPlaceholder } from './arguments';
import { type Kind, kindOf } from './kinds';
import type { KnownObject } from './objects';
import { type KubectlCommand, kubectlCommands } from './shell';

/** An object that a command names, or all objects of a kind. */
interface Reference {
  readonly kind: Kind;
  readonly name?: string;
}

/** A parsed command. */
export interface Call {
  /** With its second word if it has one, e.g. `rollout undo`. */
  readonly verb: string;
  readonly args: Arguments;
  readonly namespace?: string;
}

/** Verbs that have a second word. */
const GROUPS = ['rollout', 'set', 'auth', 'certificate', 'create', 'config', 'top'];

/** Verbs that name objects as `KIND NAME…` or `KIND/NAME…`. */
const ON_OBJECTS = [
  ...['get', 'describe', 'delete', 'patch', 'label', 'annotate', 'scale', 'wait', 'edit', 'taint', 'debug'],
  ...['undo', 'history', 'status', 'restart', 'pause', 'resume'].map((verb) => `rollout ${verb}`),
  ...['resources', 'env'].map((what) => `set ${what}`),
];
/** Verbs whose first argument is the name of a pod, or `KIND/NAME` of a workload. */
const ON_PODS = ['logs', 'exec', 'port-forward'];
const ON_NODES = ['cordon', 'uncordon', 'drain'];
/** Verbs whose arguments name no existing object. */
const OTHERS = [
  ...[
    'top nodes',
    'top pods',
    'auth can-i',
    'certificate approve',
    'create job',
    'config view',
    'api-resources',
    'apply',
  ],
];

/** Problems of the kubectl commands in a runbook, one line each. */
export function kubectlProblems(markdown: string, known: readonly KnownObject[]): string[] {
  const created: KnownObject[] = [];
  return kubectlCommands(markdown).flatMap((command) => {
    const call = callOf(command);
    if (command.inline && isMention(call)) {
      return [];
    }
    created.push(...createdBy(call));
    const problems = problemsOf(call, [...known, ...created]);
    return problems.map(
      (problem) => `line ${command.line}: kubectl ${command.words.join(' ').slice(0, 60)}: ${problem}`,
    );
  });
}

/** Parses a command. */
export function callOf({ words }: KubectlCommand): Call {
  const length = GROUPS.includes(words[0] ?? '') ? 2 : 1;
  const args = argumentsOf(words.slice(length));
  return { verb: words.slice(0, length).join(' '), args, namespace: args.options.get('--namespace') };
}

/** Prose may mention a verb without an object: "undo with `kubectl rollout undo`". */
function isMention({ verb, args, namespace }: Call): boolean {
  const [first, ...names] = args.positional;
  return namespace === undefined && names.length === 0 && !first?.includes('/') && !OTHERS.includes(verb);
}

/** Jobs that a runbook creates and then names. */
function createdBy({ verb, args, namespace }: Call): KnownObject[] {
  return verb === 'create job' ? [{ kind: 'Job', namespace, name: args.positional[0] ?? '' }] : [];
}

function problemsOf(call: Call, known: readonly KnownObject[]): string[] {
  const { verb, args, namespace } = call;
  if (![...ON_OBJECTS, ...ON_PODS, ...ON_NODES, ...OTHERS].includes(verb)) {
    return [`the verb ${verb} is unknown`];
  }
  if (args.unknown.length > 0) {
    return [`the option ${args.unknown[0]} is unknown`];
  }
  if (namespace !== undefined && !isKnown(known, 'Namespace', namespace)) {
    return [`there is no namespace ${namespace}`];
  }
  const { references, problems } = referencesOf(call);
  return [
    ...problems,
    ...references.flatMap((reference) => [
      ...referenceProblems(reference, call, known),
      ...selectorProblems(reference, call, known),
    ]),
    ...podProblems(references, call, known),
  ];
}

/** The objects that a command names, and problems with words that name no kind. */
function referencesOf({ verb, args }: Call): { references: Reference[]; problems: string[] } {
  const { positional, options } = args;
  if (ON_NODES.includes(verb)) {
    return { references: positional.map((name) => ({ kind: kindOf('node')!, name })), problems: [] };
  }
  if (ON_PODS.includes(verb)) {
    const [target] = positional;
    return target === undefined
      ? resolved(options.has('--selector') ? ['pods'] : [])
      : resolved([target.includes('/') ? target : `pod/${target}`]);
  }
  if (verb === 'top pods' || verb === 'auth can-i') {
    return resolved(verb === 'top pods' ? ['pods'] : [positional[1] ?? '']);
  }
  if (verb === 'create job') {
    return resolved([options.get('--from') ?? '']);
  }
  if (!ON_OBJECTS.includes(verb) || options.has('--raw') || options.has('--filename')) {
    return { references: [], problems: [] };
  }
  // `label pod NAME key=value` and `taint nodes NAME key=value:effect` end in values; a trailing `-` removes one.
  const named = positional.filter((word, index) => index === 0 || !(/[=]/.test(word) || word.endsWith('-')));
  const [first = '', ...names] = named;
  if (first.includes('/')) {
    return resolved(named);
  }
  return resolved(
    first.split(',').flatMap((kind) => (names.length > 0 ? names.map((name) => `${kind}/${name}`) : [kind])),
  );
}

function resolved(words: readonly string[]): { references: Reference[]; problems: string[] } {
  const pairs = words
    .map((word) => word.split('/') as [string, string?])
    .filter(([kind]) => kind !== 'all' && !isPlaceholder(kind))
    .map(([word, name]) => ({ word, kind: kindOf(word), name }));
  return {
    references: pairs.flatMap(({ kind, name }) => (kind ? [{ kind, name }] : [])),
    problems: pairs.filter(({ kind }) => !kind).map(({ word }) => `the kind ${word || '(none)'} is unknown`),
  };
}

function referenceProblems(
  { kind, name }: Reference,
  { args, namespace }: Call,
  known: readonly KnownObject[],
): string[] {
  if (kind.namespaced && namespace === undefined && !args.options.has('--all-namespaces')) {
    return [`${kind.kind} has no namespace: write --namespace`];
  }
  if (name === undefined || isPlaceholder(name) || (namespace !== undefined && isPlaceholder(namespace))) {
    return [];
  }
  return isKnown(known, kind.kind, name, kind.namespaced ? namespace : undefined)
    ? []
    : [`there is no ${kind.kind} ${name}${namespace ? ` in ${namespace}` : ''}`];
}

function isKnown(known: readonly KnownObject[], kind: string, name: string, namespace?: string): boolean {
  return (
    isPlaceholder(name) ||
    known.some((object) => object.kind === kind && object.name === name && object.namespace === namespace)
  );
}

/**
 * A selector must match an object of its kind: by its own labels, as a pod of a workload, or as a slice of a Service.
 */
function selectorProblems({ kind }: Reference, { args, namespace }: Call, known: readonly KnownObject[]): string[] {
  const selector = args.options.get('--selector');
  if (selector === undefined || isPlaceholder(selector) || kind.kind === 'Node') {
    return [];
  }
  const candidates = known
    .filter(
      (object) => args.options.has('--all-namespaces') || namespace === undefined || object.namespace === namespace,
    )
    .flatMap((object) => labelSets(object, kind.kind));
  const isMatched = candidates.some((labels) =>
    termsOf(selector).every(({ label, values }) =>
      values ? values.includes(labels[label] ?? '') : labels[label] !== undefined,
    ),
  );
  return isMatched ? [] : [`no ${kind.kind} has the labels ${selector}${namespace ? ` in ${namespace}` : ''}`];
}

/** The terms of a selector: `a=b`, `a in (b, c)`, or `a` alone. */
function termsOf(selector: string): { label: string; values?: string[] }[] {
  return (selector.match(/[^,(]+(\([^)]*\))?/g) ?? []).map((term) => {
    const [, label, list] = /^\s*([^\s=]+) in \((.*)\)$/.exec(term) ?? [];
    const [key, value] = term.split('=') as [string, string?];
    return list === undefined
      ? { label: key.trim(), values: value === undefined ? undefined : [value] }
      : { label: label!, values: list.split(',').map((item) => item.trim()) };
  });
}

/** Labels of objects of a kind: their own, or those that another object gives them. */
function labelSets(object: KnownObject, kind: string): { readonly [label: string]: string }[] {
  return [
    ...(kind === object.kind && object.labels ? [object.labels] : []),
    ...(kind === 'Pod' && object.podLabels ? [object.podLabels] : []),
    ...(kind === 'ReplicaSet' && object.kind === 'Deployment' && object.podLabels ? [object.podLabels] : []),
    ...(kind === 'EndpointSlice' && object.kind === 'Service'
      ? [{ ...object.labels, 'kubernetes.io/service-name': object.name }]
      : []),
  ];
}

/** Containers and ports must exist in the pods that a command addresses. */
function podProblems(
  references: readonly Reference[],
  { verb, args, namespace }: Call,
  known: readonly KnownObject[],
): string[] {
  const [target] = references;
  if (!ON_PODS.includes(verb) || !target) {
    return [];
  }
  const there = known.filter((object) => object.namespace === namespace);
  const named = there.filter(({ kind, name }) => kind === target.kind.kind && name === target.name);
  const candidates = named.length > 0 ? named : there;
  const container = args.options.get('--container');
  const containers = candidates.flatMap((object) => object.containers ?? []);
  const ports = candidates.flatMap((object) => object.ports ?? []);
  const wanted = verb === 'port-forward' ? args.positional.slice(1) : [];
  return [
    ...(container === undefined || isPlaceholder(container) || containers.length === 0 || containers.includes(container)
      ? []
      : [`there is no container ${container}, only ${containers.join(', ')}`]),
    ...wanted
      .map((pair) => pair.split(':').at(-1)!)
      .filter((port) => !isPlaceholder(port) && ports.length > 0 && !ports.includes(Number(port)))
      .map((port) => `nothing listens on port ${port}, only on ${[...new Set(ports)].join(', ')}`),
    ...(verb === 'port-forward' && wanted.length === 0 ? ['no port is named'] : []),
  ];
}
