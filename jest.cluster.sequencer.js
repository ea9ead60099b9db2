const { default: Sequencer } = require('@jest/test-sequencer');

/** By name: a suite finds the cluster as the one before has left it. */
module.exports = class ByName extends Sequencer {
  sort(tests) {
    return [...tests].sort((one, other) => (one.path < other.path ? -1 : 1));
  }
};
