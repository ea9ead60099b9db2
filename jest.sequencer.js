const { default: Sequencer } = require('@jest/test-sequencer');

/** Suites that run for half a minute and more. One that began last would leave the other processors idle. */
const LONG = ['contract/promtool', 'scripts/synth/cache', 'package/package'];

/** The long suites first, then as Jest sorts them. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const place = LONG.findIndex((name) => path.includes(`${name}.test.ts`));
      return place < 0 ? LONG.length : place;
    };
    return [...super.sort(tests)].sort((one, other) => rank(one) - rank(other));
  }
};
