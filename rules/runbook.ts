/** The fenced `promql` blocks of a runbook, without their indentation. */
export function promqlBlocks(markdown: string): readonly string[] {
  const blocks: string[] = [];
  let block: { readonly promql: boolean; readonly lines: string[] } | undefined;
  for (const line of markdown.split('\n')) {
    const fence = /^\s*```\s*(\S*)/.exec(line);
    if (fence && block) {
      if (block.promql) {
        blocks.push(block.lines.join('\n').trim());
      }
      block = undefined;
    } else if (fence) {
      block = { promql: fence[1] === 'promql', lines: [] };
    } else {
      block?.lines.push(line);
    }
  }
  return blocks;
}
