import { createPublicKey } from 'node:crypto';
import { sql } from 'drizzle-orm';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { outTradeNo, type OrderId } from '#shared/ids/ids.ts';
import type { ChargeRequest, ChargeStatus } from '#shared/wire/v1/charges.ts';
import { alipayFace, gatewayPath } from '#cloud/channel-simulator/faces/alipay/alipay-face.ts';
import { makeAlipaySandboxKeys } from '#cloud/channel-simulator/faces/alipay/keys.ts';
import { makeUnionpaySandboxKeys } from '#cloud/channel-simulator/faces/unionpay/keys.ts';
import { unionpayFace } from '#cloud/channel-simulator/faces/unionpay/unionpay-face.ts';
import type { LineFault } from '#cloud/channel-simulator/line.ts';
import { createAlipayChannel } from '#cloud/payments/channels/alipay/alipay-channel.ts';
import { publicKeyMode } from '#cloud/payments/channels/alipay/config.ts';
import { accountOf } from '#cloud/payments/channels/unionpay/testing/unionpay-rig.ts';
import { createUnionpayChannel } from '#cloud/payments/channels/unionpay/unionpay-channel.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import { dumpDatabase } from '#cloud/payments/testing/dump-database.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';

const merchantNo = '1900000109';
const appId = '2021000000000001';
const alipayKeys = makeAlipaySandboxKeys();
const unionpayKeys = makeUnionpaySandboxKeys();

let bench: PaymentBench;
/** The payment machine with Alipay and UnionPay in their own dialects, over real sockets. */
beforeAll(async () => {
  bench = await createPaymentBench({
    simulator: {
      faces: [
        alipayFace({
          callers: new Map([
            [
              appId,
              {
                publicKey: createPublicKey(alipayKeys.appPrivateKey),
                merchantOfToken: () => merchantNo,
              },
            ],
          ]),
          privateKey: alipayKeys.alipayPrivateKey,
        }),
        unionpayFace({
          callers: new Map([
            [
              merchantNo,
              {
                certId: unionpayKeys.certId,
                publicKey: createPublicKey(unionpayKeys.merchantPrivateKey),
              },
            ],
          ]),
          signer: {
            key: unionpayKeys.signerPrivateKey,
            certificate: unionpayKeys.signerCertificate,
          },
        }),
      ],
    },
    dialects: (line) => [
      [
        'alipay',
        createAlipayChannel({
          ...line,
          gatewayUrl: `${line.baseUrl}${gatewayPath}`,
          account: {
            appId,
            identity: { type: 'direct', sellerId: merchantNo },
            privateKey: alipayKeys.appPrivateKey,
            alipayKeys: new Map([[publicKeyMode, createPublicKey(alipayKeys.alipayPrivateKey)]]),
            certificates: undefined,
            notifyUrl: undefined,
            billOrigins: [],
            storeId: '',
            freezesMoney: false,
          },
        }),
      ],
      [
        'unionpay',
        createUnionpayChannel({
          ...line,
          account: {
            ...accountOf(unionpayKeys, 'none'),
            merchantNos: new Set([merchantNo]),
          },
        }),
      ],
    ],
  });
});
afterAll(() => bench.close());

const shapes = { alipay: ['28', 18], unionpay: ['62', 19] } as const;
type Dialect = keyof typeof shapes;
const codes: string[] = [];

const request = (wallet: Dialect, suffix: string): ChargeRequest => {
  const [prefix, digits] = shapes[wallet];
  const authCode = `${prefix}${String(codes.length + 1).padStart(digits - 4, '7')}${suffix}`;
  codes.push(authCode);
  return bench.request(suffix, { wallet, authCode });
};

async function statusOf({ orderId }: ChargeRequest): Promise<ChargeStatus | undefined> {
  const { rows } = await bench.deps.db.execute<{ status: ChargeStatus }>(
    sql`select status from payment_attempt where order_id = ${orderId}`,
  );
  return rows[0]?.status;
}

/** Fen that the payer really lost. */
const takenFen = ({ orderId }: ChargeRequest): number =>
  bench.simulator
    .books()
    .filter((line) => line.outTradeNo === outTradeNo(orderId as OrderId, 1))
    .filter((line) => line.paidAtMs !== undefined)
    .reduce((sum, line) => sum + line.amountFen - line.refundedFen, 0);

const ends = [
  ['01', 'paid'],
  ['02', 'paid'],
  ['03', 'reversed'],
  ['04', 'paid'],
  ['05', 'reversed'],
  ['06', 'failed'],
  ['07', 'paid'],
  ['09', 'paid'],
  ['12', 'failed'],
] as const;

it.each(
  (['alipay', 'unionpay'] as const).flatMap((wallet) =>
    ends.map(([suffix, status]) => [wallet, suffix, status] as const),
  ),
)('%s, code %s ends %s, and the payer lost what was sold', async (wallet, suffix, status) => {
  bench.simulator.setFaults(() => 'none');
  const one = request(wallet, suffix);
  await startCharge(bench.deps, bench.till, one);
  await bench.runUntilQuiet();
  expect(await statusOf(one)).toBe(status);
  expect(takenFen(one)).toBe(status === 'paid' ? one.amountFen : 0);
});

const faults: readonly LineFault[] = [
  'lose-request',
  'lose-answer',
  'forge-answer',
  'garbage',
  'too-many-requests',
];

it('under any faults every charge ends, and both sides’ books agree to the fen', async () => {
  const sale = fc.record({
    wallet: fc.constantFrom<Dialect>('alipay', 'unionpay'),
    suffix: fc.constantFrom(...ends.map(([suffix]) => suffix)),
  });
  const fault = fc.oneof(
    { weight: 2, arbitrary: fc.constant<LineFault>('none') },
    { weight: 1, arbitrary: fc.constantFrom(...faults) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(sale, { minLength: 1, maxLength: 4 }),
      fc.array(fault, { maxLength: 30 }),
      async (sales, schedule) => {
        let first: number | undefined;
        bench.simulator.setFaults(({ index }) => schedule[index - (first ??= index)] ?? 'none');
        const requests = sales.map(({ wallet, suffix }) => request(wallet, suffix));
        await Promise.all(requests.map((one) => startCharge(bench.restarted(), bench.till, one)));
        await bench.runUntilQuiet();
        for (const one of requests) {
          const status = await statusOf(one);
          expect(['paid', 'failed', 'reversed', 'refunded-late']).toContain(status);
          expect(takenFen(one), `${one.wallet} ${status}`).toBe(
            status === 'paid' ? one.amountFen : 0,
          );
        }
      },
    ),
    { numRuns: 25, seed: 20_261_123, endOnFailure: true },
  );
}, 120_000);

it('no payment code and no key is in the database or in the logs', async () => {
  const dump = await dumpDatabase(bench.cloud.databaseUrl);
  const keys = [alipayKeys.appPrivateKey, unionpayKeys.merchantPrivateKey].map((key) =>
    key.export({ type: 'pkcs8', format: 'der' }).toString('base64').slice(400, 440),
  );
  expect(codes.length).toBeGreaterThan(20);
  for (const secret of [...codes, ...keys]) {
    expect(dump.includes(secret)).toBe(false);
    expect(bench.cloud.log().includes(secret)).toBe(false);
  }
});
