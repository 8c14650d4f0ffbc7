import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '#shared/result/assert.ts';
import type { Clock } from '#shared/time/clock.ts';

export interface UnionpayAccount {
  /** Merchants (merId, 15 characters) whose transactions our certificate signs. */
  readonly merchantNos: ReadonlySet<string>;
  /** 0: a merchant himself; 1: an acquirer; 2: a platform. */
  readonly accessType: '0' | '1' | '2';
  /** Signs our requests. RSA, 2048 bits. */
  readonly privateKey: KeyObject;
  /** Serial of our certificate, decimal. */
  readonly certId: string;
  /** UnionPay's own issuing certificates: an answer's certificate must be signed by one of them. */
  readonly issuers: readonly X509Certificate[];
  /** The third part of the common name in an answer's certificate. */
  readonly signerName: string;
  /** Number of the terminal at the acquirer, 8 characters. */
  readonly termId: string;
  /** Where UnionPay posts notifies; any word that is no address when nothing hears them. */
  readonly backUrl: string;
  /** Where UnionPay hands out files: a host of its own. */
  readonly fileUrl: string;
}

export interface UnionpayOptions {
  readonly baseUrl: string;
  readonly account: UnionpayAccount;
  readonly clock: Clock;
  /** How long one answer may take, milliseconds of real time. */
  readonly readTimeoutMs: number;
}

/** What stands in production certificates. */
export const unionpayName = '中国银联股份有限公司';

/**
 * | variable             | meaning                                                                        |
 * |----------------------|--------------------------------------------------------------------------------|
 * | UNIONPAY_MERCHANTS   | comma-separated merIds                                                         |
 * | UNIONPAY_KEYS        | folder: private-key.pem, cert-id, issuers/*.pem                                |
 * | UNIONPAY_ACCESS_TYPE | 0 (default), 1 or 2                                                            |
 * | UNIONPAY_SIGNER      | third part of the common name, default 中国银联股份有限公司                    |
 * | UNIONPAY_TERM_ID     | terminal number                                                                |
 * | UNIONPAY_BACK_URL    | where notifies go, default `none`: queries alone tell then                     |
 * | UNIONPAY_FILE_URL    | where bills are fetched, default https://filedownload.95516.com/               |
 *
 * Throws, naming the variable and never its value, when something is missing.
 */
export function readUnionpayAccount(
  environment: Readonly<Record<string, string | undefined>>,
): UnionpayAccount {
  const need = (name: string): string => {
    const value = environment[name];
    assert(value !== undefined && value !== '', () => `${name} is not set`);
    return value;
  };
  const [folder, merchants] = [need('UNIONPAY_KEYS'), need('UNIONPAY_MERCHANTS')];
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8').trim();
  const accessType = environment['UNIONPAY_ACCESS_TYPE'] ?? '0';
  assert(
    accessType === '0' || accessType === '1' || accessType === '2',
    () => 'UNIONPAY_ACCESS_TYPE is 0, 1 or 2',
  );
  return {
    merchantNos: new Set(merchants.split(',')),
    accessType,
    privateKey: createPrivateKey(text('private-key.pem')),
    certId: text('cert-id'),
    issuers: readdirSync(join(folder, 'issuers'))
      .filter((name) => name.endsWith('.pem'))
      .map((name) => new X509Certificate(text(`issuers/${name}`))),
    signerName: environment['UNIONPAY_SIGNER'] ?? unionpayName,
    termId: need('UNIONPAY_TERM_ID'),
    backUrl: environment['UNIONPAY_BACK_URL'] ?? 'none',
    fileUrl: environment['UNIONPAY_FILE_URL'] ?? 'https://filedownload.95516.com/',
  };
}
