export default {
  files: ['build/**/*.test.js'],
  // Two cores are the least; tests share nothing, so more only helps where there are more.
  timeout: '5m',
  environmentVariables: { NODE_OPTIONS: '--enable-source-maps' },
};
