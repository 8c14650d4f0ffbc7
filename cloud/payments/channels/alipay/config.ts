import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '#shared/result/assert.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';

/**
 * Who we are at Alipay. A provider (服务商) acts for merchants who authorised his app; a merchant
 * for himself alone.
 */
export type AlipayIdentity =
  | { readonly type: 'direct'; readonly sellerId: string }
  | {
      readonly type: 'provider';
      /**
       * Authorisation tokens by the merchant's number (his 2088… user id). Secrets: never logged.
       */
      readonly tokens: ReadonlyMap<string, string>;
    };

export interface AlipayAccount {
  readonly appId: string;
  readonly identity: AlipayIdentity;
  /** Signs our requests. RSA, 2048 bits. */
  readonly privateKey: KeyObject;
  /**
   * What we believe, by `alipay_cert_sn` of the answer; {@link publicKeyMode} where answers name no
   * certificate. Both may stand here at once while an app moves from one to the other.
   */
  readonly alipayKeys: ReadonlyMap<string, KeyObject>;
  /** Serials of our certificates; transfers need them. Undefined in public key mode. */
  readonly certificates: { readonly appSerial: string; readonly rootSerial: string } | undefined;
  /** Where Alipay posts notifies; without it nothing is asked for. */
  readonly notifyUrl: string | undefined;
  /** Hosts that bills may be fetched from, as origins. */
  readonly billOrigins: readonly string[];
  readonly storeId: string;
  /** Hold the money of charges for splitting. */
  readonly freezesMoney: boolean;
}

export interface AlipayOptions {
  /** The gateway with its path. */
  readonly gatewayUrl: string;
  readonly account: AlipayAccount;
  readonly clock: Clock;
  readonly random: Random;
  /** How long one answer may take, milliseconds of real time. */
  readonly readTimeoutMs: number;
}

export const publicKeyMode = 'public-key';

/**
 * Authorisation for a merchant: undefined when we may not act for him; empty when none is needed.
 */
export function tokenFor(identity: AlipayIdentity, channelMerchantNo: string): string | undefined {
  if (identity.type === 'provider') return identity.tokens.get(channelMerchantNo);
  return identity.sellerId === channelMerchantNo ? '' : undefined;
}

/**
 * | variable            | meaning                                                                                     |
 * |---------------------|---------------------------------------------------------------------------------------------|
 * | ALIPAY_APP_ID       | the app's id                                                                                |
 * | ALIPAY_KEYS         | folder: private-key.pem, alipay/{public-key or certificate serial}.pem; in certificate mode |
 * |                     | app-cert-sn and root-cert-sn; for providers tokens/{merchant number}                        |
 * | ALIPAY_SELLER_ID    | set: a merchant for himself; not set: a provider                                            |
 * | ALIPAY_NOTIFY_URL   | where notifies go                                                                           |
 * | ALIPAY_BILL_ORIGINS | comma-separated, default `https://dwbillcenter.alipay.com`                                  |
 * | ALIPAY_STORE_ID     | number of the shop as charges carry it                                                      |
 * | ALIPAY_FREEZE       | `yes`: hold the money of charges for splitting                                              |
 *
 * Throws, naming the variable and never its value, when something is missing.
 */
export function readAlipayAccount(
  environment: Readonly<Record<string, string | undefined>>,
): AlipayAccount {
  const need = (name: string): string => {
    const value = environment[name];
    assert(value !== undefined && value !== '', () => `${name} is not set`);
    return value;
  };
  const [folder, appId] = [need('ALIPAY_KEYS'), need('ALIPAY_APP_ID')];
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8').trim();
  const namesIn = (name: string): readonly string[] =>
    existsSync(join(folder, name)) ? readdirSync(join(folder, name)) : [];
  const sellerId = environment['ALIPAY_SELLER_ID'] ?? '';
  const tokens = new Map(namesIn('tokens').map((name) => [name, text(`tokens/${name}`)]));
  return {
    appId,
    identity: sellerId === '' ? { type: 'provider', tokens } : { type: 'direct', sellerId },
    privateKey: createPrivateKey(text('private-key.pem')),
    alipayKeys: new Map(
      namesIn('alipay')
        .filter((name) => name.endsWith('.pem'))
        .map((name) => [name.slice(0, -'.pem'.length), createPublicKey(text(`alipay/${name}`))]),
    ),
    certificates: existsSync(join(folder, 'app-cert-sn'))
      ? { appSerial: text('app-cert-sn'), rootSerial: text('root-cert-sn') }
      : undefined,
    notifyUrl: environment['ALIPAY_NOTIFY_URL'],
    billOrigins: (environment['ALIPAY_BILL_ORIGINS'] ?? 'https://dwbillcenter.alipay.com').split(
      ',',
    ),
    storeId: environment['ALIPAY_STORE_ID'] ?? '',
    freezesMoney: environment['ALIPAY_FREEZE'] === 'yes',
  };
}
