import { posix } from 'node:path';
import ts from 'typescript5';
import {
  isGenerated,
  type Member,
  membersOf,
  type PublicSymbol,
  type Surface,
  symbolOf,
  tagsOf,
  textOf,
} from './surface';

/** Pages of the API reference by file name: one for each folder that exports something, and an index. */
export function apiPages(surface: Surface): ReadonlyMap<string, string> {
  const folders = groupBy(surface.exports, folderOf);
  const sorted = [...folders].sort(([one], [other]) => (one < other ? -1 : 1));
  const homes = new Map(surface.exports.map((exported) => [exported.name, pageOf(folderOf(exported))]));
  return new Map([
    ['README.md', indexPage(sorted, surface.namespaces)],
    ...sorted.map(([folder, symbols]) => [pageOf(folder), page(folder, symbols, { surface, homes })] as const),
  ]);
}

interface Context {
  readonly surface: Surface;
  /** Page of each exported name. */
  readonly homes: ReadonlyMap<string, string>;
}

const NOTE = '<!-- Generated from the docstrings by `npm run api`. -->\n';

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  }
  return groups;
}

/** The folder that a reader looks in: `constructs/grafana`, `rules`. */
function folderOf({ file }: PublicSymbol): string {
  const directory = posix.dirname(file);
  return directory.startsWith('constructs/') || directory === 'rules/sql' ? directory : directory.split('/')[0]!;
}

function pageOf(folder: string): string {
  return `${folder.replaceAll('/', '-')}.md`;
}

function indexPage(
  folders: readonly (readonly [string, readonly PublicSymbol[]])[],
  namespaces: readonly string[],
): string {
  const rows = folders.map(([folder, symbols]) => {
    const names = symbols.map(({ name }) => `[${name}](${pageOf(folder)}#${anchor(name)})`);
    return `| [${folder}](${pageOf(folder)}) | ${names.join(', ')} |`;
  });
  return [
    NOTE,
    '# API reference\n',
    'Everything that `sightedit-monitoring` exports. `sightedit-monitoring/constructs` has the folders',
    '`constructs/…` alone, and `sightedit-monitoring/charts` has `charts`.\n',
    '| folder | exports |\n|---|---|',
    `${rows.join('\n')}\n`,
    `The namespaces ${namespaces.map((name) => `\`${name}\``).join(' and ')} have every type of these files, generated from the`,
    'structs of the pinned servers: `PrometheusFile.ScrapeConfig`.\n',
  ].join('\n');
}

function page(folder: string, symbols: readonly PublicSymbol[], context: Context): string {
  const order = [...symbols].sort((one, other) => rank(one) - rank(other));
  return [NOTE, `# ${folder}\n`, ...order.map((symbol) => section(symbol, context))].join('\n');
}

/** Classes first, then their props, then functions and constants. */
function rank({ declarations }: PublicSymbol): number {
  const kinds = [ts.isClassDeclaration, ts.isFunctionDeclaration, ts.isInterfaceDeclaration];
  const index = kinds.findIndex((is) => declarations.some((declaration) => is(declaration)));
  return index < 0 ? kinds.length : index;
}

function section(exported: PublicSymbol, context: Context): string {
  const { checker } = context.surface;
  const { name, symbol, declarations } = exported;
  if (isGenerated(exported)) {
    return `## ${name}\n\nEvery field of the pinned server's own configuration. See ${upstreamOf(exported)}\n`;
  }
  const parts = [`## ${name}\n`, `${prose(textOf(symbol, checker))}\n`];
  for (const see of tagsOf(symbol, 'see', checker)) {
    parts.push(`See ${see}\n`);
  }
  for (const declaration of declarations) {
    if (ts.isInterfaceDeclaration(declaration)) {
      parts.push(...interfaceParts(declaration, exported, context));
    } else if (ts.isClassDeclaration(declaration)) {
      parts.push(...classParts(declaration, exported, context));
    } else {
      parts.push(...otherParts(declaration, exported, context));
    }
  }
  for (const example of tagsOf(symbol, 'example', checker)) {
    parts.push(example.startsWith('```') ? `${example}\n` : `\`\`\`ts\n${example}\n\`\`\`\n`);
  }
  return parts.join('\n');
}

function upstreamOf({ file }: PublicSymbol): string {
  return file.endsWith('alertmanager')
    ? 'https://prometheus.io/docs/alerting/latest/configuration/'
    : 'https://prometheus.io/docs/prometheus/latest/configuration/configuration/';
}

function interfaceParts(declaration: ts.InterfaceDeclaration, exported: PublicSymbol, context: Context): string[] {
  const others = declaration.members
    .filter(ts.isIndexSignatureDeclaration)
    .map((member) => `| \`[${plain(member.parameters[0]!)}]\` | ${typeCell(member.type, context)} | any other key |`);
  return [...extended(declaration, context), ...table(membersOf(exported), context, others)];
}

function classParts(declaration: ts.ClassDeclaration, exported: PublicSymbol, context: Context): string[] {
  const { checker } = context.surface;
  const visible = declaration.members.filter(
    (member) => !(ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private),
  );
  const constructors = visible.filter(ts.isConstructorDeclaration);
  const methods = visible.filter(ts.isMethodDeclaration);
  const properties = membersOf(exported).filter(({ node }) => !ts.isMethodDeclaration(node));
  const name = declaration.name!.text;
  return [
    ...extended(declaration, context),
    ...constructors.map((each) => code(`new ${name}(${each.parameters.map(plain).join(', ')})`)),
    ...constructors.flatMap((each) => callTags(ts.getJSDocTags(each))),
    ...table(properties, context),
    ...methods.flatMap((method) => {
      const symbol = symbolOf(method, checker);
      const call = isStatic(method) ? `${name}.` : '';
      return [
        `### ${call}${method.name.getText()}()\n`,
        code(signature(method, `${call}${method.name.getText()}`)),
        `${prose(textOf(symbol, checker))}\n`,
        ...callTags(ts.getJSDocTags(method)),
      ];
    }),
  ];
}

function otherParts(declaration: ts.Declaration, exported: PublicSymbol, context: Context): string[] {
  if (ts.isFunctionDeclaration(declaration)) {
    return [code(signature(declaration, exported.name)), ...callTags(ts.getJSDocTags(declaration))];
  }
  if (ts.isVariableDeclaration(declaration)) {
    return [code(`const ${plain(declaration)}`)];
  }
  return [code(plain(declaration).replace(/^export (declare )?/, '')), ...table(membersOf(exported), context)];
}

/** `@param`, `@returns` and `@throws` of a function, one line each. */
function callTags(tags: readonly ts.JSDocTag[]): string[] {
  const lines = tags.flatMap((tag) => {
    const text = prose((ts.getTextOfJSDocComment(tag.comment) ?? '').trim()).replace(/\s*\n\s*/g, ' ');
    if (ts.isJSDocParameterTag(tag)) {
      return text ? [`- \`${tag.name.getText()}\`: ${defaulted(text)}`] : [];
    }
    const word = { returns: 'Returns', throws: 'Throws' }[tag.tagName.text];
    return word && text ? [`- ${word} ${text}`] : [];
  });
  return lines.length > 0 ? [`${lines.join('\n')}\n`] : [];
}

function defaulted(text: string): string {
  return text.replace(/\s*@default\s+(-\s*)?/, '; by default ');
}

/** The members that a type declares, and those of the type literals in it, as a table. */
function table(members: readonly Member[], context: Context, others: readonly string[] = []): string[] {
  const rows = [...new Set([...members.map((member) => row(member, context)), ...others])];
  return rows.length > 0 ? [`| property | type | |\n|---|---|---|\n${rows.join('\n')}\n`] : [];
}

function row({ path, node }: Member, context: Context): string {
  const { checker } = context.surface;
  const symbol = symbolOf(node, checker);
  const isProperty = ts.isPropertySignature(node) || ts.isPropertyDeclaration(node);
  const optional = isProperty && node.questionToken ? '?' : '';
  const type = ts.isMethodSignature(node)
    ? `\`${cell(signature(node, ''))}\``
    : typeCell(isProperty || ts.isGetAccessorDeclaration(node) ? node.type : undefined, context);
  const defaults = tagsOf(symbol, 'default', checker).map((text) => `Default: ${text.replace(/^- /, '')}.`);
  const text = [textOf(symbol, checker), ...defaults].filter(Boolean).join(' ');
  const name = path.split('.').slice(1).join('.');
  return `| \`${cell(name)}${optional}\` | ${type} | ${cell(prose(text))} |`;
}

/** The type in backticks. Exported names below it are links. */
function typeCell(type: ts.TypeNode | undefined, { homes }: Context): string {
  const text = type ? plain(type) : '';
  const linked = [...new Set(text.match(/\b[A-Z]\w+/g) ?? [])].filter((name) => homes.has(name));
  if (linked.length === 1 && text === linked[0]) {
    return `[${text}](${homes.get(text)}#${anchor(text)})`;
  }
  const links = linked.map((name) => `[${name}](${homes.get(name)}#${anchor(name)})`);
  const shown = text.includes('{') ? 'object' : text;
  return `\`${cell(shown)}\`${links.length > 0 ? ` (${links.join(', ')})` : ''}`;
}

function extended(declaration: ts.InterfaceDeclaration | ts.ClassDeclaration, { homes }: Context): string[] {
  const bases = (declaration.heritageClauses ?? []).flatMap(({ types }) => [...types]);
  const shown = bases.map((base) => {
    const text = plain(base);
    return homes.has(text) ? `[${text}](${homes.get(text)}#${anchor(text)})` : `\`${text}\``;
  });
  return shown.length > 0 ? [`Extends ${shown.join(', ')}.\n`] : [];
}

function signature(node: ts.SignatureDeclaration, name: string): string {
  const types = node.typeParameters ? `<${node.typeParameters.map(plain).join(', ')}>` : '';
  return `${name}${types}(${node.parameters.map(plain).join(', ')}): ${node.type ? plain(node.type) : 'void'}`;
}

function isStatic(node: ts.Declaration): boolean {
  return (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Static) !== 0;
}

const printer = ts.createPrinter({ removeComments: true });

/** The code of a node on one line, without comments and `readonly`. */
function plain(node: ts.Node): string {
  return printer
    .printNode(ts.EmitHint.Unspecified, node, node.getSourceFile())
    .replace(/\s+/g, ' ')
    .replace(/\breadonly (?=[\w'"[{(])/g, '')
    .replace(/; \}/g, ' }')
    .trim();
}

function code(text: string): string {
  return `\`\`\`ts\n${text}\n\`\`\`\n`;
}

/** `{@link X}` as code. */
function prose(text: string): string {
  return text.replace(/\{@link (\S+)\}/g, '`$1`');
}

/** Text that fits into a cell of a table. */
function cell(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|');
}

function anchor(name: string): string {
  return name.toLowerCase();
}
