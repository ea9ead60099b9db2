/** Tests on a cluster with nodes, one file after the other by name: they share one cluster. */
module.exports = {
  ...require('./jest.config.js'),
  testMatch: ['<rootDir>/test/cluster/**/*.cluster.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testSequencer: '<rootDir>/jest.cluster.sequencer.js',
  maxWorkers: 1,
  testTimeout: 300_000,
};
