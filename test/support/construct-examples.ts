import { componentConstructs, exampleOf, type Tree } from './component-parts';

/** The examples of the component constructs in a tree. */
export function examplesIn(tree: Tree): readonly (ConstructExample & { readonly name: string })[] {
  return componentConstructs(tree).flatMap(({ folder, name }) => {
    const code = exampleOf(tree.read(`constructs/${folder}/${folder}.ts`), name);
    return code === undefined ? [] : [{ folder, name, code }];
  });
}

/** An example, and the names that it may use beside the exports of the package. */
export interface ConstructExample {
  /** Folder of the construct: the namespace of its chart. */
  readonly folder: string;
  readonly code: string;
}

/**
 * A program of all examples, each with a `chart` of its own and the `credentials` of a Secret.
 *
 * @param exported every name that the package exports
 */
export function exampleProgram(examples: readonly ConstructExample[], exported: readonly string[]): string {
  const text = examples.map(({ code }) => code).join('\n');
  const used = exported.filter((name) => name !== 'Credentials' && new RegExp(`\\b${name}\\b`).test(text));
  const blocks = examples.map(
    ({ folder, code }) => `{
  const chart = new Chart(app, '${folder}', { namespace: '${folder}', disableResourceNameHashes: true });
${code.replaceAll(/^(?=.)/gm, '  ')}}`,
  );
  return `import { App, Chart } from 'cdk8s';
import { ${['Credentials', ...used].join(', ')} } from 'sightedit-monitoring';

const app = new App();
export const credentials = new Credentials('example-credentials');
${blocks.join('\n')}
app.synth();
`;
}
