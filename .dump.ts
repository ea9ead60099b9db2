import { writeFileSync } from 'node:fs';
import { sanitising, sanitisingProcessors } from '/work/wt/sanitise/rules/sanitising';
import { benchLine } from '/work/wt/sanitise/scripts/bench/log-lines';
const p = sanitisingProcessors('lines', sanitising())['transform/sanitise'];
writeFileSync(process.argv[2]!, JSON.stringify(p, undefined, 1).replaceAll('$$', '$'));
writeFileSync('/tmp/san/lines.txt', Array.from({length: 2000}, (_, i) => benchLine(i, 1796000000000)).join('\n'));
