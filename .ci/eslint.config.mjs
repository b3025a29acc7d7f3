import path from 'node:path';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

// ESLint replaces a rule's options, it does not merge them: each set of files below names all of them.
const syntax = [
  { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
  { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' },
  { selector: 'ExportAllDeclaration', message: 'Import from the file that declares it.' },
];
const misnamed = message => ({ 'no-restricted-syntax': ['error', { selector: 'Program', message }] });
const noEnv = { object: 'process', property: 'env', message: 'Settings are read in platform/config.ts only.' };
const features =
  'tenants,events,customers,features,conditions,segments,content,rules,experiments,models,decisions,outcomes,learning,guardrails,reporting,demo';
const roles = 'schema,type,input,args,loader,resolver,module,http,postgres,redis,elastic,memory,onnx,worker';

export default defineConfig(
  { ignores: ['dist', 'src/generated', 'test/generated', 'clients', 'docs', 'coverage', '**/*.cjs', '**/*.mjs'] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  { languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: path.join(import.meta.dirname, '..') } } },
  // The rule follows types that contain themselves for ever (a GraphQL type, a condition) and ends the linter by a stack overflow.
  { rules: { '@typescript-eslint/no-unsafe-class-instance-assignment': 'off' } },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['src/**/*.ts', 'bench/**/*.ts'],
    rules: {
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', { max: 60, skipComments: true }],
      complexity: ['error', 12],
      'max-params': ['error', 4],
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...syntax],
      'no-restricted-properties': ['error', noEnv],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, argsIgnorePattern: '^_' }],
    },
  },
  {
    // A decision must be replayable: time and chance come in as arguments.
    files: [`src/{${features}}/**/*.ts`, 'src/kernel/**/*.ts'],
    ignores: ['**/*.{postgres,redis,elastic,memory,onnx,http,module,worker}.ts', 'src/kernel/clock.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        noEnv,
        { object: 'Math', property: 'random', message: 'Take a Random.' },
        { object: 'Date', property: 'now', message: 'Take `now`.' },
        { object: 'performance', property: 'now', message: 'Take `now`.' },
      ],
      'no-restricted-syntax': [
        'error',
        ...syntax,
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Take `now`.' },
      ],
    },
  },
  { files: [`src/*/**/*.*.ts`], ignores: [`**/*.{${roles}}.ts`], rules: misnamed(`The role of a file is one of ${roles}.`) },
  { files: ['src/**/{index,utils,types,helpers}.ts'], rules: misnamed('Name the file by what it holds.') },
  { files: ['src/**/*[A-Z_]*.ts', 'test/**/*[A-Z_]*.ts'], rules: misnamed('File names are kebab-case.') },
  {
    // Classes of the schema are filled by the framework, by their decorators.
    files: ['src/**/*.{type,input,args}.ts'],
    rules: { '@typescript-eslint/no-extraneous-class': 'off' },
  },
  {
    // Fakes are short and synchronous; a test reads what a client would, untyped.
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...syntax],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  { files: ['src/platform/config.ts'], rules: { 'no-restricted-properties': 'off' } },
);
