import { pino, type DestinationStream, type Logger } from 'pino';
import type { Config } from './config.js';

/** One line of JSON for each entry, on standard output. Credentials are left out wherever a request is logged. */
export function createLogger({ logLevel }: Pick<Config, 'logLevel'>, to: DestinationStream = pino.destination(1)): Logger {
  const options = {
    name: 'attune',
    level: logLevel,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describe },
    redact: { paths: ['req.headers.authorization', 'headers.authorization', '*.password', '*.secret'], remove: true },
  };
  return pino(options, to);
}

interface Described {
  readonly type: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code?: string | number;
  readonly cause?: Described;
}

/** What is worth keeping of an error. Libraries hang whole connections on theirs, passwords among them. */
function describe(error: unknown): Described | string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack, cause } = error;
  const code: unknown = 'code' in error ? error.code : undefined;
  const inner = cause instanceof Error ? describe(cause) : undefined;
  return {
    type: name,
    message,
    stack,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(typeof inner === 'object' && { cause: inner }),
  };
}
