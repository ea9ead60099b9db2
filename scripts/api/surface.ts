import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import ts from 'typescript5';
import { ROOT } from '../../tools/catalogue';

/** The declarations of the package, as a consumer's compiler reads them. */
export interface Surface {
  readonly checker: ts.TypeChecker;
  /** What `index.d.ts` exports, by name. */
  readonly exports: readonly PublicSymbol[];
  /** Names of namespaces that it exports, each with all types of a file format. */
  readonly namespaces: readonly string[];
  /** The types in the namespaces. */
  readonly namespaced: ReadonlySet<ts.Symbol>;
}

/** Something that the package exports. */
export interface PublicSymbol {
  readonly name: string;
  readonly symbol: ts.Symbol;
  /** Its declarations in the package. */
  readonly declarations: readonly ts.Declaration[];
  /** The file that declares it, without `.d.ts`: `constructs/grafana/grafana`. */
  readonly file: string;
}

/** Emits the declarations as the published package has them, and reads what they export. */
export function readSurface(): Surface {
  const directory = mkdtempSync(join(tmpdir(), 'sightedit-monitoring-api-'));
  try {
    execFileSync(
      process.execPath,
      [
        join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'),
        ...['-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--declarationMap', 'false', '--outDir', directory],
      ],
      { cwd: ROOT, stdio: 'pipe' },
    );
    return surfaceOf(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Reads what the `index.d.ts` of a directory exports. */
export function surfaceOf(directory: string): Surface {
  const entry = join(directory, 'index.d.ts');
  const program = ts.createProgram([entry], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    strict: true,
    types: [],
    paths: { '*': [join(ROOT, 'node_modules', '*')] },
  });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!;
  const all = checker.getExportsOfModule(module).map((exported) => ({
    name: exported.name,
    symbol: exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported,
  }));
  const isNamespace = ({ symbol }: { readonly symbol: ts.Symbol }) => (symbol.flags & ts.SymbolFlags.ValueModule) !== 0;
  const namespaces = all.filter(isNamespace);
  const exports = all
    .filter((exported) => !isNamespace(exported))
    .map(({ name, symbol }) => {
      const declarations = symbol.declarations ?? [];
      const file = relative(directory, declarations[0]!.getSourceFile().fileName).replace(/\.d\.ts$/, '');
      return { name, symbol, declarations, file };
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  return {
    checker,
    exports,
    namespaces: namespaces.map(({ name }) => name).sort(),
    namespaced: new Set(namespaces.flatMap(({ symbol }) => checker.getExportsOfModule(symbol))),
  };
}

/** A member of a public type: a property, a method, an accessor. */
export interface Member {
  /** Path from the exported type: `PrometheusStackProps.application.name`. */
  readonly path: string;
  readonly name: string;
  readonly node: ts.Node & { readonly name: ts.Node };
}

/** The members that a type declares itself, at every depth of the type literals in it. */
export function membersOf({ name, declarations }: PublicSymbol): Member[] {
  return declarations.flatMap((declaration) => {
    if (ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration)) {
      return declaration.members.flatMap((member) => nested(name, member));
    }
    return ts.isTypeAliasDeclaration(declaration) ? literalsIn(declaration.type, name) : [];
  });
}

function nested(path: string, node: ts.Node): Member[] {
  if (isPrivate(node) || !isNamed(node)) {
    return [];
  }
  const name = node.name.getText();
  const type = ts.isPropertySignature(node) || ts.isPropertyDeclaration(node) ? node.type : undefined;
  return [{ path: `${path}.${name}`, name, node }, ...(type ? literalsIn(type, `${path}.${name}`) : [])];
}

function literalsIn(node: ts.Node, path: string): Member[] {
  if (ts.isTypeLiteralNode(node)) {
    return node.members.flatMap((member) => nested(path, member));
  }
  // The properties of a function's parameters are explained with the function.
  return ts.isFunctionTypeNode(node)
    ? []
    : node
        .getChildren()
        .flatMap((child) => (child.kind === ts.SyntaxKind.SyntaxList ? child.getChildren() : [child]))
        .flatMap((child) => literalsIn(child, path));
}

function isNamed(node: ts.Node): node is ts.Node & { readonly name: ts.Node } {
  return (
    ts.isPropertySignature(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isMethodSignature(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isGetAccessorDeclaration(node)
  );
}

function isPrivate(node: ts.Node): boolean {
  return (ts.getCombinedModifierFlags(node as ts.Declaration) & ts.ModifierFlags.Private) !== 0;
}

/** The text of a docstring without its tags. */
export function textOf(symbol: ts.Symbol | undefined, checker: ts.TypeChecker): string {
  return ts.displayPartsToString(symbol?.getDocumentationComment(checker)).trim();
}

/** Symbol of a member. */
export function symbolOf(node: Member['node'], checker: ts.TypeChecker): ts.Symbol | undefined {
  return checker.getSymbolAtLocation(node.name);
}

/** Whether a docstring has a tag. */
export function hasTag(symbol: ts.Symbol, name: string): boolean {
  return symbol.getJsDocTags().some((tag) => tag.name === name);
}

/** The texts of a tag in a docstring. */
export function tagsOf(symbol: ts.Symbol | undefined, name: string, checker: ts.TypeChecker): string[] {
  return (symbol?.getJsDocTags(checker) ?? [])
    .filter((tag) => tag.name === name)
    .map((tag) => ts.displayPartsToString(tag.text).trim());
}

/** Whether a declaration is generated from the structs of a server, which document its fields. */
export function isGenerated({ file }: PublicSymbol): boolean {
  return file.startsWith('formats/generated/');
}
