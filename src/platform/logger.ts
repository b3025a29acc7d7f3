import { pino, type Logger } from 'pino';
import type { Config } from './config.js';

/** One line of JSON for each entry, on standard output. Credentials are left out wherever a request is logged. */
export function createLogger({ logLevel }: Pick<Config, 'logLevel'>): Logger {
  return pino({
    name: 'attune',
    level: logLevel,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: ['req.headers.authorization', 'headers.authorization', '*.password', '*.secret'], remove: true },
  });
}
