import type { Brand } from '#shared/ids/brand.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { assert } from '#shared/result/assert.ts';

/**
 * Prefixed, time-ordered ids: a three-letter kind, an underscore, and a ULID
 * (48 bits of milliseconds, 80 random bits, Crockford base 32, 26 characters).
 * Sorting by id is sorting by creation time. Source: https://github.com/ulid/spec
 */
export type OrderId = Brand<string, 'OrderId'>;
export type OperatorId = Brand<string, 'OperatorId'>;
export type MerchantId = Brand<string, 'MerchantId'>;
export type TerminalId = Brand<string, 'TerminalId'>;
export type MemberId = Brand<string, 'MemberId'>;
export type VoucherId = Brand<string, 'VoucherId'>;
export type PrintJobId = Brand<string, 'PrintJobId'>;
export type CertificateId = Brand<string, 'CertificateId'>;
export type AgentId = Brand<string, 'AgentId'>;
export type ContractId = Brand<string, 'ContractId'>;
/** A row of a shop's catalogue of goods. */
export type GoodsId = Brand<string, 'GoodsId'>;
/** Somebody who works for the operator. */
export type PersonId = Brand<string, 'PersonId'>;
/** A service that a shop bought with its points. */
export type PromoOrderId = Brand<string, 'PromoOrderId'>;

export interface IdOf {
  ord: OrderId;
  opr: OperatorId;
  mch: MerchantId;
  trm: TerminalId;
  mbr: MemberId;
  vch: VoucherId;
  prt: PrintJobId;
  crt: CertificateId;
  agt: AgentId;
  ctr: ContractId;
  prs: PersonId;
  pro: PromoOrderId;
  gds: GoodsId;
}

export type IdPrefix = keyof IdOf;

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const ulidDigits = 26;
/** 80 bits; the 10 digits before them are the time. */
const randomnessDigits = 16;
const ulidPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** Makes a new id of the kind named by `prefix`. */
export function newId<P extends IdPrefix>(
  prefix: P,
  deps: { clock: Clock; random: Random },
): IdOf[P] {
  return `${prefix}_${ulid(deps.clock.nowMs(), deps.random.bytes(10))}` as IdOf[P];
}

/** Recognises an id of the kind named by `prefix`; anything else is `undefined`. */
export function parseId<P extends IdPrefix>(prefix: P, text: string): IdOf[P] | undefined {
  const [kind, body] = [text.slice(0, 4), text.slice(4)];
  return kind === `${prefix}_` && ulidPattern.test(body) ? (text as IdOf[P]) : undefined;
}

/** The regular expression source that matches ids of one kind; used by the wire schemas. */
export const idPattern = (prefix: IdPrefix): string => `^${prefix}_[0-7][0-9A-HJKMNP-TV-Z]{25}$`;

/** When an id was made, milliseconds since 1970, by the clock that it was made with. */
export function idTimeMs(id: IdOf[IdPrefix]): number {
  let timeMs = 0;
  for (const digit of id.slice(-ulidDigits, -randomnessDigits))
    timeMs = timeMs * crockford.length + crockford.indexOf(digit);
  return timeMs;
}

export const attemptMax = 99;

/**
 * The merchant order number that a payment channel sees: the order's ULID and a two-digit attempt, 28 characters
 * of [0-9A-Z] (WeChat allows 32, UnionPay forbids - and _). A new number exists only for a new attempt.
 */
export function outTradeNo(orderId: OrderId, attempt: number): string {
  assert(
    Number.isInteger(attempt) && attempt >= 1 && attempt <= attemptMax,
    () => `attempt ${attempt} out of 1..${attemptMax}`,
  );
  return orderId.slice(4) + String(attempt).padStart(2, '0');
}

function ulid(timeMs: number, randomness: Uint8Array): string {
  assert(
    Number.isSafeInteger(timeMs) && timeMs >= 0 && timeMs < 2 ** 48,
    () => `time ${timeMs} does not fit 48 bits`,
  );
  assert(randomness.length === 10, () => `a ULID takes 10 random bytes, got ${randomness.length}`);
  let value = BigInt(timeMs);
  for (const byte of randomness) value = (value << 8n) | BigInt(byte);
  let text = '';
  for (let index = 0; index < ulidDigits; index += 1) {
    text = crockford[Number(value & 31n)]! + text;
    value >>= 5n;
  }
  return text;
}
