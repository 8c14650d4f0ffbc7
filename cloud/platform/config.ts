import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { idPattern, type OperatorId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { DatabaseLocation } from '#cloud/platform/postgres/open-database.ts';

/**
 * An address or a network, or one of the three names that stand for networks of one's own;
 * separated by commas.
 */
const proxy = '(?:loopback|linklocal|uniquelocal|[0-9a-fA-F]*[.:][0-9a-fA-F.:]+(?:/[0-9]{1,3})?)';
const proxiesPattern = `^${proxy}(?:,${proxy})*$`;

/**
 * The environment of `npm run cloud`. docs/operations.md describes every name; a test holds both
 * equal.
 */
export const EnvironmentSchema = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', maxLength: 255 }),
  PORT: Type.Integer({ default: 7300, minimum: 0, maximum: 65_535 }),
  DATABASE_URL: Type.Optional(Type.String({ pattern: '^postgres(ql)?://' })),
  DATABASE_OWNER_URL: Type.Optional(Type.String({ pattern: '^postgres(ql)?://' })),
  DATA_FOLDER: Type.String({ default: '.data/cloud', minLength: 1 }),
  PUBLIC_ORIGIN: Type.Optional(Type.String({ pattern: '^https?://[^/]+$' })),
  CLAIM_BASE_URL: Type.Optional(Type.String({ pattern: '^https?://', maxLength: 200 })),
  OPERATOR_ID: Type.String({
    default: 'opr_00000000000000000000000000',
    pattern: idPattern('opr'),
  }),
  OPERATOR_NAME: Type.String({ default: 'Greentill', minLength: 1, maxLength: 64 }),
  OPERATOR_TOKEN: Type.Optional(Type.String({ minLength: 32, maxLength: 200 })),
  CLOUD_SIGNING_KEY: Type.Optional(Type.String({ minLength: 1 })),
  CLOUD_NEXT_SIGNING_KEY: Type.Optional(Type.String({ minLength: 1 })),
  CLOUD_SEAL_KEY: Type.Optional(Type.String({ minLength: 1 })),
  ISSUER_SIGNING_KEY: Type.Optional(Type.String({ minLength: 1 })),
  ISSUER_OTHER_KEYS: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000 })),
  MEMBER_DATA_KEY: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })),
  METRICS_TOKEN: Type.Optional(Type.String({ minLength: 32, maxLength: 200 })),
  TRUSTED_PROXIES: Type.Optional(Type.String({ pattern: proxiesPattern, maxLength: 1_000 })),
  REQUESTS_PER_MINUTE: Type.Integer({ default: 1200, minimum: 1, maximum: 1_000_000 }),
  RELEASE_PACE: Type.Union(
    [Type.Literal('alone'), Type.Literal('neighbourly'), Type.Literal('quiet')],
    { default: 'neighbourly' },
  ),
  LOG_LEVEL: Type.Union(
    ['fatal', 'error', 'warn', 'info', 'debug', 'silent'].map((level) => Type.Literal(level)),
    { default: 'info' },
  ),
});

export interface CloudConfig {
  readonly host: string;
  readonly port: number;
  readonly database: DatabaseLocation;
  readonly dataFolder: string;
  /** The origin terminals call, when a proxy hides it; undefined: as the request says. */
  readonly publicOrigin: string | undefined;
  /** Where a claim QR points; undefined: /claim/ on this server. */
  readonly claimBaseUrl: string | undefined;
  readonly operatorId: OperatorId;
  readonly operatorName: string;
  readonly operatorToken: string | undefined;
  /** PKCS #8 of an Ed25519 key, base64. Needed when several nodes share one database. */
  readonly cloudSigningKey: string | undefined;
  /** The one that takes its place after the overlap; undefined: no change is on. */
  readonly cloudNextSigningKey: string | undefined;
  /** The first signing key, once it was changed: the seals of the books stay under it. */
  readonly cloudSealKey: string | undefined;
  readonly issuerSigningKey: string | undefined;
  /** Keys of member codes that are accepted besides, while one takes over from another. */
  readonly issuerOtherKeys: readonly string[];
  /**
   * 32 bytes, base64url: guards members' phone numbers. Undefined: made once and kept in the data
   * folder.
   */
  readonly memberDataKey: string | undefined;
  /** Bearer token of /metrics, beside the operator's. */
  readonly metricsToken: string | undefined;
  /**
   * The hops in front of us whose word on a caller's address counts. Empty: nobody's, the socket
   * says it.
   */
  readonly trustedProxies: readonly string[];
  readonly requestsPerMinute: number;
  /** How much of the machine a release or a close takes (cloud/release/chunks/pace.ts). */
  readonly releasePace: 'alone' | 'neighbourly' | 'quiet';
  readonly logLevel: string;
}

export type ConfigError = {
  readonly type: 'environment-invalid';
  readonly problems: readonly string[];
};

/**
 * Reads the configuration; every problem is named at once. Values of secrets are not repeated in
 * the answer.
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
): Result<CloudConfig, ConfigError> {
  const given = Object.fromEntries(
    Object.keys(EnvironmentSchema.properties)
      .map((name) => [name, environment[name]] as const)
      .filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = Value.Convert(EnvironmentSchema, Value.Default(EnvironmentSchema, given));
  if (!Value.Check(EnvironmentSchema, parsed)) {
    const problems = Value.Errors(EnvironmentSchema, parsed).map(
      (problem) => `${problem.instancePath.slice(1)}: ${problem.message}`,
    );
    return err({ type: 'environment-invalid', problems });
  }
  return ok(toConfig(parsed));
}

function toConfig(env: Static<typeof EnvironmentSchema>): CloudConfig {
  return {
    host: env.HOST,
    port: env.PORT,
    database:
      env.DATABASE_URL === undefined
        ? { dataFolder: env.DATA_FOLDER }
        : { databaseUrl: env.DATABASE_URL, ownerUrl: env.DATABASE_OWNER_URL },
    dataFolder: env.DATA_FOLDER,
    publicOrigin: env.PUBLIC_ORIGIN,
    claimBaseUrl: env.CLAIM_BASE_URL,
    operatorId: env.OPERATOR_ID as OperatorId,
    operatorName: env.OPERATOR_NAME,
    operatorToken: env.OPERATOR_TOKEN,
    cloudSigningKey: env.CLOUD_SIGNING_KEY,
    cloudNextSigningKey: env.CLOUD_NEXT_SIGNING_KEY,
    cloudSealKey: env.CLOUD_SEAL_KEY,
    issuerSigningKey: env.ISSUER_SIGNING_KEY,
    issuerOtherKeys: env.ISSUER_OTHER_KEYS?.split(',') ?? [],
    memberDataKey: env.MEMBER_DATA_KEY,
    metricsToken: env.METRICS_TOKEN,
    trustedProxies: env.TRUSTED_PROXIES?.split(',') ?? [],
    requestsPerMinute: env.REQUESTS_PER_MINUTE,
    releasePace: env.RELEASE_PACE,
    logLevel: String(env.LOG_LEVEL),
  };
}

/**
 * The operator's bearer token: from the environment, else made once and kept in
 * `{dataFolder}/operator-token`.
 */
export function loadOperatorToken(config: CloudConfig): string {
  if (config.operatorToken !== undefined) return config.operatorToken;
  const file = join(config.dataFolder, 'operator-token');
  if (!existsSync(file)) {
    mkdirSync(config.dataFolder, { recursive: true });
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
  }
  return readFileSync(file, 'utf8').trim();
}
