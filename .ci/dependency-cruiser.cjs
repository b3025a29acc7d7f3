/** The order in which data flows. A folder may import those before it, never those after it. */
const flow = [
  'kernel', 'platform', 'graphql', 'tenants', 'events', 'customers', 'conditions', 'features', 'segments', 'content',
  'rules', 'experiments', 'models', 'decisions', 'outcomes', 'learning', 'guardrails', 'reporting', 'demo', 'cli',
];
/** The command line is all edge: it has no domain code of its own. */
const domain = flow.slice(3).filter(it => it !== 'cli').join('|');
/** `online-store.redis.ts` has the role redis; `online-store.ts`, with none, is domain code. */
const ROLE = '[.][a-z]+[.]ts$';
const EDGE = '[.](resolver|type|input|args|loader|schema)[.]ts$';
const ADAPTER = '[.](postgres|redis|elastic|memory|onnx|http|worker)[.]ts$';
const TOP = '^src/[^/]+[.]ts$';
/** What wires everything together. */
const ROOT = '^src/(main|start-up|app)[.]ts$';

const downstreamOnly = flow.slice(0, -1).map((folder, i) => ({
  name: `flow-${folder}`,
  severity: 'error',
  comment: 'Data flows one way: move the shared part upstream, or declare the field downstream.',
  from: { path: `^src/${folder}/` },
  to: { path: `^src/(${flow.slice(i + 1).join('|')})/` },
}));

const onlyIn = (name, path, allowed) => ({ name, severity: 'error', from: { path: '^src/', pathNot: allowed }, to: { path } });
const driverOnlyIn = (name, packages, allowed) => onlyIn(name, `node_modules/(${packages})(/|$)`, allowed);

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: ['^src/main[.]ts$', '[.]worker[.]ts$', '^src/generated/'] }, to: {} },
    ...downstreamOnly,
    {
      name: 'folders-are-known',
      severity: 'error',
      comment: 'A new folder needs its place in the order above.',
      from: { path: '^src/[^/]+/', pathNot: `^src/(${flow.join('|')}|generated)/` },
      to: {},
    },
    { name: 'top-is-imported-by-none', severity: 'error', from: { path: '^src/[^/]+/' }, to: { path: TOP } },
    {
      name: 'kernel-imports-nothing',
      severity: 'error',
      from: { path: '^src/kernel/' },
      to: { pathNot: '^src/kernel/' },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment: 'A file without a role suffix holds domain code: it imports domain code and kernel only.',
      from: { path: `^src/(${domain})/`, pathNot: ROLE },
      to: { path: ['node_modules', '^src/(platform|graphql|generated)/', EDGE, ADAPTER], pathNot: 'node_modules/@types' },
    },
    {
      name: 'domain-uses-no-node-api',
      severity: 'error',
      from: { path: `^src/(${domain})/`, pathNot: ROLE },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'adapters-are-private',
      severity: 'error',
      comment: 'Only the composition root picks an adapter; everyone else takes the port.',
      from: { path: '^src/', pathNot: ['[.]module[.]ts$', ROOT, ADAPTER] },
      to: { path: ADAPTER },
    },
    {
      name: 'adapters-build-on-their-neighbours-only',
      severity: 'error',
      comment: 'The Redis adapter of a port may hold its memory adapter; no adapter reaches into another folder.',
      from: { path: `^src/([^/]+)/.*${ADAPTER}` },
      to: { path: ADAPTER, pathNot: '^src/$1/' },
    },
    {
      name: 'resolvers-are-leaves',
      severity: 'error',
      from: { path: '^src/', pathNot: ['[.]module[.]ts$', '^src/schema[.]ts$', ROOT] },
      to: { path: '[.]resolver[.]ts$' },
    },
    driverOnlyIn(
      'graphql-at-the-edge',
      'graphql|type-graphql|graphql-jit|graphql-scalars|graphql-query-complexity|dataloader|@apollo/server|@as-integrations|graphql-ws',
      [EDGE, '^src/graphql/', '^src/cli/watch[.]ts$', '^src/(schema|app|main|server)[.]ts$'],
    ),
    driverOnlyIn('http-at-the-edge', 'fastify|ws', ['[.]http[.]ts$', '^src/graphql/', '^src/cli/watch[.]ts$', '^src/(app|main|server)[.]ts$']),
    driverOnlyIn('redis-in-its-adapters', 'ioredis', ['[.](redis|module)[.]ts$', '^src/platform/', ROOT]),
    driverOnlyIn('postgres-in-its-adapters', '@prisma|pg', ['[.](postgres|module)[.]ts$', '^src/(platform|generated)/', ROOT]),
    onlyIn('prisma-client-in-its-adapters', '^src/generated/', ['[.](postgres|module)[.]ts$', '^src/(platform|generated)/', ROOT]),
    driverOnlyIn('elasticsearch-in-its-adapters', '@elastic/elasticsearch', ['[.]elastic[.]ts$', '^src/platform/']),
    driverOnlyIn('onnx-in-its-adapters', 'onnxruntime-node|piscina', ['[.](onnx|worker)[.]ts$', '^src/platform/']),
    driverOnlyIn('zod-at-a-border', 'zod', ['[.]schema[.]ts$', '^src/platform/config[.]ts$', '^src/cli/']),
    driverOnlyIn('terminal-in-the-command-line', 'commander|cli-progress', ['^src/cli/', '^src/main[.]ts$']),
    {
      name: 'graphql-kit-names-no-feature',
      severity: 'error',
      comment: 'A context that lists the features ties them all into one knot: inject by constructor.',
      from: { path: '^src/graphql/' },
      to: { path: `^src/(${domain}|cli)/` },
    },
    { name: 'no-barrels', severity: 'error', from: {}, to: { path: '^src/.+/index[.]ts$' } },
    { name: 'src-knows-no-tests', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|bench)/' } },
    {
      name: 'needs-a-production-dependency',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    { name: 'resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/generated/.+/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};
