import Fastify, { type FastifyBaseLogger } from 'fastify';

export type Logger = FastifyBaseLogger;

export interface LogStream {
  write(line: string): void;
}

/**
 * Names whose values never reach a log, wherever they stand: payment codes, member codes,
 * signatures, proofs, tokens. pino matches paths, not names, so each name is listed for the depths
 * at which this code logs objects.
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

/**
 * The paths that pino removes. `err.code` stays readable: it is PostgreSQL's or Node's error class.
 */
export const redactedPaths: readonly string[] = depthPrefixes.flatMap((prefix) =>
  secretNames.map((name) => `${prefix}${name}`),
);

/**
 * Structured logs (JSON lines, pino as Fastify ships it) with secrets removed. Request bodies and
 * headers are never logged at all; redaction is the second fence.
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
        req: (request) => ({ method: request.method, route: request.routeOptions.url ?? 'none' }),
        err: describeError,
      },
      ...(options.stream === undefined ? {} : { stream: options.stream }),
    },
  });
  return app.log;
}

/**
 * An error for the log. drizzle writes the parameters of a failed query into its message, and with
 * it into the stack: whatever follows "params:" is cut off, a phone number or a code may stand
 * there.
 */
function describeError(error: Error & { code?: string }): Record<string, unknown> & {
  type: string;
  message: string;
  stack: string;
} {
  const message = withoutParams(error.message);
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: error.name,
    message,
    stack: frames.join('\n'),
    errorClass: error.code,
    ...(error.cause instanceof Error ? { cause: describeError(error.cause) } : {}),
  };
}

const withoutParams = (message: string): string => message.split(/\bparams:/)[0] ?? '';
