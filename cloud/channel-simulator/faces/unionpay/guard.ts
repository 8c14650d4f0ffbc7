import { verify, type KeyObject } from 'node:crypto';
import { digestOf, type Words } from '#cloud/channel-simulator/faces/unionpay/seal.ts';

/** A merchant who may call: his certificate's serial and public key. */
export interface UnionpayCaller {
  readonly certId: string;
  readonly publicKey: KeyObject;
}

const fixed = { version: '5.1.0', encoding: 'UTF-8', signMethod: '01', bizType: '000000' } as const;
/** `txnTime` names a transaction, so it may be old where one is asked about or refunded; it is never of the future. */
const aheadMsMax = 600_000;

interface Refused {
  readonly type: 'refused';
  readonly respCode: string;
}

const refused = (respCode: string): Refused => ({ type: 'refused', respCode });

/** Judges a form as UnionPay does: its fixed fields, the merchant's certificate, the signature. Else a respCode. */
export function judgeWords(
  body: string,
  callers: ReadonlyMap<string, UnionpayCaller>,
  nowMs: number,
): { readonly type: 'words'; readonly words: Words } | Refused {
  const form = new URLSearchParams(body);
  const words: Words = Object.fromEntries(form);
  const isDouble = [...form.keys()].length !== Object.keys(words).length;
  const isFixed = Object.entries(fixed).every(([name, value]) => words[name] === value);
  if (isDouble || !isFixed) return refused('10');
  const caller = callers.get(words['merId'] ?? '');
  if (caller === undefined) return refused('31');
  const signature = Buffer.from(words['signature'] ?? '', 'base64');
  const isSigned =
    caller.certId === words['certId'] &&
    verify('sha256', Buffer.from(digestOf(words)), caller.publicKey, signature);
  if (!isSigned) return refused('11');
  const digits = (words['txnTime'] ?? '').replace(
    /^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})$/,
    '$1-$2-$3T$4:$5:$6+08:00',
  );
  const atMs = Date.parse(digits);
  return Number.isNaN(atMs) || atMs > nowMs + aheadMsMax ? refused('10') : { type: 'words', words };
}
