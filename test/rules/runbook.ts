import { promqlSyntaxError } from '../../rules';
import { logqlSyntaxError } from '../../rules/logql';

/** The sections of a runbook, in the order in which an on-call engineer needs them. */
export const SECTIONS = [
  'Meaning',
  'Impact',
  'Automated response',
  'Verify it is real',
  'Diagnosis',
  'Mitigation',
  'Escalation',
  'False positives',
];

/** A fenced block of code. */
interface Block {
  readonly language: string;
  readonly code: string;
}

/** Problems of a runbook, one line each. */
export function runbookProblems(alert: string, markdown: string): string[] {
  const { prose, blocks, open } = separate(markdown);
  const [title, ...sections] = prose.split(/^(?=##? )/m);
  const headings = sections.map((section) => section.split('\n', 1)[0]!.slice('## '.length).trim());
  const empty = sections.filter((section) => section.split('\n').slice(1).join('').trim() === '');
  const unknown = blocks.filter(({ language }) => language === '');
  return [
    ...(title?.split('\n', 1)[0] === `# ${alert}` ? [] : [`the title is not "# ${alert}"`]),
    ...(headings.join() === SECTIONS.join() ? [] : [`the sections are ${headings.join(', ')}`]),
    ...empty.map((section) => `the section ${section.split('\n', 1)[0]!.slice('## '.length)} is empty`),
    ...(open ? ['a block of code is not closed'] : []),
    ...unknown.map(({ code }) => `a block of code names no language: ${code.split('\n', 1)[0]}`),
    ...blocks.flatMap(({ language, code }) => {
      const promql = language === 'promql' ? promqlSyntaxError(code) : undefined;
      const logql = language === 'logql' ? logqlSyntaxError(code) : undefined;
      return [
        ...(promql ? [`PromQL does not parse at "${promql}"`] : []),
        ...(logql ? [`LogQL does not parse at "${logql}"`] : []),
      ];
    }),
  ];
}

/** The prose, with a placeholder for each block of code (whose comments look like headings), and the blocks. */
function separate(markdown: string): { prose: string; blocks: Block[]; open: boolean } {
  const prose: string[] = [];
  const blocks: Block[] = [];
  let block: { language: string; lines: string[] } | undefined;
  for (const line of markdown.split('\n')) {
    const fence = /^\s*```\s*(\S*)/.exec(line);
    if (fence && block) {
      blocks.push({ language: block.language, code: block.lines.join('\n') });
      block = undefined;
    } else if (fence) {
      block = { language: fence[1]!, lines: [] };
      prose.push('(code)');
    } else {
      (block?.lines ?? prose).push(line);
    }
  }
  return { prose: prose.join('\n'), blocks, open: block !== undefined };
}
