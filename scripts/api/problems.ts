import ts from 'typescript5';
import { hasTag, isGenerated, membersOf, type PublicSymbol, type Surface, symbolOf, textOf } from './surface';

/**
 * Exported symbols and their members without a docstring, one line each. A type that repeats a file format names the
 * page that documents it with `@see`, and its members need no docstring. Generated types need none at all.
 */
export function undocumented({ checker, exports }: Surface): string[] {
  return exports
    .filter((exported) => !isGenerated(exported))
    .flatMap((exported) => [
      ...(textOf(exported.symbol, checker) ? [] : [`${exported.file}: ${exported.name} has no docstring`]),
      ...(hasTag(exported.symbol, 'see') ? [] : membersOf(exported))
        .filter(({ node }) => !textOf(symbolOf(node, checker), checker))
        .map(({ path }) => `${exported.file}: ${path} has no docstring`),
    ]);
}

/** Symbols of the package that a public declaration mentions and that the package does not export, one line each. */
export function unexported({ checker, exports, namespaced }: Surface): string[] {
  const known = new Set([...exports.map(({ symbol }) => symbol), ...namespaced]);
  const isOurs = (symbol: ts.Symbol) =>
    symbol.declarations?.some((each) => !each.getSourceFile().fileName.includes('/node_modules/')) ?? false;
  return [
    ...new Set(
      exports.flatMap((exported) =>
        mentionedBy(exported, checker)
          .filter((symbol) => isOurs(symbol) && !known.has(symbol))
          .map((symbol) => `${exported.file}: ${exported.name} mentions ${symbol.name}, which is not exported`),
      ),
    ),
  ];
}

/** The types and values that the declarations of a symbol name. Private members have no types in declarations. */
function mentionedBy({ declarations }: PublicSymbol, checker: ts.TypeChecker): ts.Symbol[] {
  const found: ts.Symbol[] = [];
  const visit = (node: ts.Node): void => {
    const name = nameIn(node);
    const symbol = name && checker.getSymbolAtLocation(name);
    if (symbol) {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      if (!(target.flags & ts.SymbolFlags.TypeParameter)) {
        found.push(target);
      }
    }
    ts.forEachChild(node, visit);
  };
  for (const declaration of declarations) {
    visit(declaration);
  }
  return found;
}

function nameIn(node: ts.Node): ts.Node | undefined {
  if (ts.isTypeReferenceNode(node)) {
    return node.typeName;
  }
  if (ts.isExpressionWithTypeArguments(node)) {
    return node.expression;
  }
  if (ts.isTypeQueryNode(node)) {
    return node.exprName;
  }
  return ts.isImportTypeNode(node) ? node.qualifier : undefined;
}
