import Fastify, { type FastifyBaseLogger } from 'fastify';

export type Logger = FastifyBaseLogger;

export interface LogStream {
  write(line: string): void;
}

/**
 * Names whose values never reach a log, wherever they stand: payment codes, member codes, signatures, proofs, tokens.
 * pino matches paths, not names, so each name is listed for the depths at which this code logs objects.
 */
const secretNames = [
  'activationCode',
  'authCode',
  'authorization',
  'claimToken',
  'code',
  'operatorToken',
  'password',
  'phone',
  'proof',
  'signature',
] as const;
const depthPrefixes = ['', '*.', '*.*.', '*.*.*.'] as const;

/** The paths that pino removes. `err.code` stays readable: it is PostgreSQL's or Node's error class. */
export const redactedPaths: readonly string[] = depthPrefixes.flatMap((prefix) =>
  secretNames.map((name) => `${prefix}${name}`),
);

/**
 * Structured logs (JSON lines, pino as Fastify ships it) with secrets removed. Request bodies and headers are never
 * logged at all; redaction is the second fence.
 */
export function createLogger(options: {
  readonly level: string;
  readonly stream?: LogStream;
}): Logger {
  const app = Fastify({
    logger: {
      level: options.level,
      redact: { paths: [...redactedPaths], censor: '[removed]' },
      serializers: {
        req: (request) => ({ method: request.method, path: request.url.split('?')[0] }),
        err: (error: Error & { code?: string }) => ({
          type: error.name,
          message: error.message,
          stack: error.stack ?? '',
          errorClass: error.code,
        }),
      },
      ...(options.stream === undefined ? {} : { stream: options.stream }),
    },
  });
  return app.log;
}
