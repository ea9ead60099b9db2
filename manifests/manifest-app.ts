import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, type AppProps, Chart, Names, type YamlOutputType } from 'cdk8s';
import { writeManifest } from './write-manifest';

/** A type of output that `App.synth()` does not know: it validates and orders the charts, and writes nothing. */
const NOTHING = -1 as YamlOutputType;

/**
 * An app that writes a file for each chart, as `App` does: the same names, the same bytes, below a header. It takes a tenth of the time,
 * because `App` builds the syntax tree of every document before it writes it.
 */
export class ManifestApp extends App {
  constructor(props: Omit<AppProps, 'yamlOutputType'> = {}) {
    super({ ...props, yamlOutputType: NOTHING });
  }

  override synth(): void {
    super.synth();
    const { charts } = this;
    const numbered = charts.some(({ node }) => node.dependencies.some(Chart.isChart));
    charts.forEach((chart, index) => {
      const name = `${numbered ? `${String(index).padStart(4, '0')}-` : ''}${Names.toDnsLabel(chart)}`;
      const documents = chart.toJson().map(writeManifest);
      const text = headerOf(chart) + documents.join('---\n');
      writeFileSync(join(this.outdir, `${name}${this.outputFileExtension}`), text);
    });
  }
}

/** A chart can have a `header`: the first line of its file, a comment. */
function headerOf(chart: Chart): string {
  return 'header' in chart ? String(chart.header) : '';
}
