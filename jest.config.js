/** Fast tests: everything that needs npm packages alone, and promtool and amtool where they are there. */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/e2e/'],
  // Jest leaves one processor free, which on two of them is half of the machine.
  maxWorkers: '100%',
  testSequencer: '<rootDir>/jest.sequencer.js',
  modulePathIgnorePatterns: ['<rootDir>/lib/', '<rootDir>/.tools/'],
  // This package has modules of ECMAScript alone, which Jest cannot load as they are.
  transformIgnorePatterns: ['/node_modules/(?!marked/)'],
  transform: { '^.+\\.[jt]s$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }] },
};
