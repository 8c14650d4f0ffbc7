import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { newId, type CertificateId, type MemberId } from '#shared/ids/ids.ts';
import { encodeMemberCode } from '#shared/member/member-code.ts';
import { encodeCertificate, encodeTwoLayerCode } from '#shared/member/two-layer-code.ts';
import { fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import type { TillIdentity } from '#cloud/payments/charge.ts';
import { enqueueOfflineSettlement } from '#cloud/payments/offline/store.ts';
import type { OfflineSale } from '#cloud/payments/offline/sale.ts';
import type { PaymentBench } from '#cloud/payments/testing/payment-bench.ts';

/** A member's phone, with a certificate that the platform really signed. */
export interface Phone {
  readonly memberId: MemberId;
  readonly certificateId: CertificateId;
  readonly publicKey: string;
  /** What it shows: its counter, and its clock when that is not the bench's. */
  show(counter: number, atMs?: number): string;
}

const codeFields = (bench: PaymentBench, memberId: MemberId) => ({
  keyId: bench.cloud.deps.keys.issuer.current.keyId,
  memberId,
  certificateId: newId('crt', bench.cloud.deps),
  paymentCapYuan: 50,
  windowCapYuan: 100,
  notAfterSeconds: Math.floor(bench.clock.nowMs() / 1_000) + 7 * 86_400,
  scope: 0,
});

const rawKey = (key: KeyObject): string =>
  key.export({ type: 'spki', format: 'der' }).subarray(12).toString('base64url');

export function newPhone(bench: PaymentBench, memberId = bench.newMemberId()): Phone {
  const pair = generateKeyPairSync('ed25519');
  const publicKey = rawKey(pair.publicKey);
  const fields = { ...codeFields(bench, memberId), devicePublicKey: publicKey };
  const { privateKey } = bench.cloud.deps.keys.issuer.current.pair;
  const certificate = encodeCertificate(fields, (bytes) => sign(null, bytes, privateKey));
  return {
    memberId,
    certificateId: fields.certificateId,
    publicKey,
    show: (counter, atMs = bench.clock.nowMs()) =>
      encodeTwoLayerCode({ certificate, timeSeconds: Math.floor(atMs / 1_000), counter }, (bytes) =>
        sign(null, bytes, pair.privateKey),
      ),
  };
}

/** A bearer code as the cloud issues it: whoever holds the digits can pay with them. */
export function newBearer(bench: PaymentBench, memberId = bench.newMemberId()) {
  const fields = codeFields(bench, memberId);
  const { privateKey } = bench.cloud.deps.keys.issuer.current.pair;
  const code = encodeMemberCode(fields, (bytes) => sign(null, bytes, privateKey));
  return { memberId, certificateId: fields.certificateId, code };
}

export const testEpoch = '00112233aabbccdd';

/** A sale as the journal of `till` tells of it. */
export function saleAt(
  bench: PaymentBench,
  till: TillIdentity,
  sale: Pick<OfflineSale, 'memberId' | 'certificateId' | 'code'> & Partial<OfflineSale>,
): OfflineSale {
  return {
    ...till,
    orderId: bench.newOrderId(),
    amountFen: fen(2_000),
    concessionBp: basisPoints(1_000),
    businessDate: '2026-09-21',
    cashier: '小王',
    claimHash: undefined,
    acceptedAtMs: bench.clock.nowMs(),
    isTimeTrusted: true,
    capsVersion: 4,
    ...sale,
  };
}

export const arrive = (bench: PaymentBench, sale: OfflineSale) =>
  bench.deps.db.transaction((tx) =>
    enqueueOfflineSettlement(tx, { ...sale, nowMs: bench.clock.nowMs() }),
  );
