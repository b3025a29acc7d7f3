import './swc-loader.mjs';

export default async function setUp() {
  const { startTestServers } = await import('../test/support/test-servers.ts');
  globalThis.testServers = await startTestServers();
}
