import { z } from 'zod';

const whole = (least: number, most: number, preset: number): z.ZodDefault<z.ZodType<number>> =>
  z
    .string()
    .regex(/^\d+$/, `a whole number of ${least} to ${most}`)
    .transform(Number)
    .refine(it => it >= least && it <= most, `a whole number of ${least} to ${most}`)
    .default(preset);

const address = (protocols: readonly string[]): z.ZodType<string> =>
  z.string().refine(text => {
    if (!URL.canParse(text)) return false;
    const { host, protocol } = new URL(text);
    return host !== '' && protocols.includes(protocol);
  }, `an address that starts with ${protocols.map(it => `${it}//`).join(' or ')}`);

const list = (text: string): readonly string[] => text.split(',').map(it => it.trim()).filter(it => it !== '');

/** 32 bytes as base64. */
export const masterKeyPattern = /^[A-Za-z0-9+/]{43}=$/;

/** Each variable of the environment that the server reads. The description is what the documentation says of it. */
export const serverVariables = z.object({
  PORT: whole(0, 65_535, 4000).describe('Port of HTTP and WebSockets; 0 takes a free one'),
  HOST: z.string().default('127.0.0.1').describe('Address to listen on'),
  ATTUNE_DATA: z.string().default('.attune').describe("Folder of the embedded database and of the demo's keys"),
  DATABASE_URL: address(['postgres:', 'postgresql:']).optional().describe('PostgreSQL to use; without it an embedded one is started'),
  DATABASE_POOL_SIZE: whole(2, 500, 10).describe('Most connections to PostgreSQL'),
  DATABASE_TIMEOUT_MS: whole(100, 600_000, 10_000).describe('Longest wait for a connection to PostgreSQL, and for a statement'),
  REDIS_URL: address(['redis:', 'rediss:']).optional().describe('Redis for the online store and the bus; without it both live in the process'),
  ATTUNE_MASTER_KEY: z
    .string()
    .transform(list)
    .refine(it => it.every(key => masterKeyPattern.test(key)), '32 bytes as base64, or several of them separated by commas')
    .optional()
    .describe('Wraps the keys that personal data is encrypted with: 32 bytes as base64; several by commas, the newest first'),
  ATTUNE_MASTER_KEY_FILE: z
    .string()
    .optional()
    .describe('File with the same, a key a line, the newest first; without both, a file in the data folder is made'),
  ELASTICSEARCH_URL: address(['http:', 'https:']).optional().describe('Elasticsearch to search customers in; without it PostgreSQL is searched'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info').describe('Least level that is logged'),
  ATTUNE_ALLOWED_ORIGINS: z
    .string()
    .default('')
    .transform(list)
    .describe('Origins of web pages, separated by commas, that may use the server beside its own; * for all'),
  ATTUNE_DECISION_DEADLINE_MS: whole(1, 60_000, 50).describe('Time for a decision that names none; what is late is replaced by a fallback'),
  ATTUNE_DECISION_LOG_CAPACITY: whole(1, 1_000_000, 20_000).describe('Decisions that wait in memory to be written, at most'),
  ATTUNE_DECISION_LOG_PATIENCE_MS: whole(0, 60_000, 2_000).describe('How long a decision waits for a place in the full log before it fails'),
  ATTUNE_MODEL_WORKERS: whole(1, 64, 2).describe('Threads that run models'),
  ATTUNE_MODEL_IN_PLACE_MICROSECONDS: whole(0, 10_000, 50).describe('Models that take no longer for 64 rows run where decisions are made, without being handed to a thread; 0: none'),
  ATTUNE_EVENT_DAYS: whole(1, 3660, 732).describe('Days for which events are kept; older ones are not taken'),
  ATTUNE_STOP_GRACE_MS: whole(0, 600_000, 10_000).describe('Time for what is under way when the server is asked to stop'),
});

/** What the command line reads, to find the server that it talks to. */
export const clientVariables = z.object({
  ATTUNE_URL: address(['http:', 'https:']).default('http://127.0.0.1:4000').describe('Server that the command line talks to'),
  ATTUNE_KEY: z.string().optional().describe("Key of the command line; without it the admin key of the data folder's keys.json"),
  ATTUNE_DATA: serverVariables.shape.ATTUNE_DATA,
});

export interface Config {
  readonly port: number;
  readonly host: string;
  readonly dataFolder: string;
  readonly databaseUrl: string | undefined;
  readonly databasePoolSize: number;
  readonly databaseTimeoutMs: number;
  readonly redisUrl: string | undefined;
  readonly elasticsearchUrl: string | undefined;
  /** The newest first; without it they come from a file. */
  readonly masterKeys: readonly string[] | undefined;
  readonly masterKeyFile: string | undefined;
  readonly logLevel: z.infer<typeof serverVariables>['LOG_LEVEL'];
  readonly allowedOrigins: readonly string[];
  readonly decisionDeadlineMs: number;
  readonly decisionLogCapacity: number;
  readonly decisionLogPatienceMs: number;
  readonly modelWorkers: number;
  readonly modelInPlaceMicroseconds: number;
  readonly eventDays: number;
  readonly stopGraceMs: number;
}

export interface ClientConfig {
  readonly url: string;
  readonly key: string | undefined;
  readonly dataFolder: string;
}

/** All that is wrong with the environment, one line for each variable. No value is repeated: some are secrets. */
export class InvalidConfig extends Error {
  constructor(readonly problems: readonly { readonly variable: string; readonly expected: string }[]) {
    const width = Math.max(...problems.map(it => it.variable.length));
    super(['The environment is not right:', ...problems.map(it => `  ${it.variable.padEnd(width)}  ${it.expected}`)].join('\n'));
    this.name = 'InvalidConfig';
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws InvalidConfig that names all that is wrong at once */
export function readConfig(environment: Environment = process.env): Config {
  const it = read(serverVariables, environment);
  return {
    port: it.PORT,
    host: it.HOST,
    dataFolder: it.ATTUNE_DATA,
    databaseUrl: it.DATABASE_URL,
    databasePoolSize: it.DATABASE_POOL_SIZE,
    databaseTimeoutMs: it.DATABASE_TIMEOUT_MS,
    redisUrl: it.REDIS_URL,
    elasticsearchUrl: it.ELASTICSEARCH_URL,
    masterKeys: it.ATTUNE_MASTER_KEY,
    masterKeyFile: it.ATTUNE_MASTER_KEY_FILE,
    logLevel: it.LOG_LEVEL,
    allowedOrigins: it.ATTUNE_ALLOWED_ORIGINS,
    decisionDeadlineMs: it.ATTUNE_DECISION_DEADLINE_MS,
    decisionLogCapacity: it.ATTUNE_DECISION_LOG_CAPACITY,
    decisionLogPatienceMs: it.ATTUNE_DECISION_LOG_PATIENCE_MS,
    modelWorkers: it.ATTUNE_MODEL_WORKERS,
    modelInPlaceMicroseconds: it.ATTUNE_MODEL_IN_PLACE_MICROSECONDS,
    eventDays: it.ATTUNE_EVENT_DAYS,
    stopGraceMs: it.ATTUNE_STOP_GRACE_MS,
  };
}

/** @throws InvalidConfig that names all that is wrong at once */
export function readClientConfig(environment: Environment = process.env): ClientConfig {
  const it = read(clientVariables, environment);
  return { url: it.ATTUNE_URL, key: it.ATTUNE_KEY, dataFolder: it.ATTUNE_DATA };
}

const known = new Set([...Object.keys(serverVariables.shape), ...Object.keys(clientVariables.shape)]);

/** An empty variable counts as none, as compose files write it; one in our name that we do not know is a slip of the pen. */
function read<T>(schema: z.ZodType<T>, environment: Environment): T {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(set);
  const unknown = Object.keys(set).filter(it => it.startsWith('ATTUNE_') && !known.has(it));
  const problems = [
    ...(parsed.error?.issues ?? []).map(it => ({ variable: it.path.join('.'), expected: `must be ${it.message}` })),
    ...unknown.map(variable => ({ variable, expected: `is unknown; known are ${[...known].filter(it => it.startsWith('ATTUNE_')).join(', ')}` })),
  ];
  if (!parsed.success || problems.length > 0) throw new InvalidConfig(problems);
  return parsed.data;
}
