import { createPublicKey } from 'node:crypto';
import { makeUnionpaySandboxKeys } from '#cloud/channel-simulator/faces/unionpay/keys.ts';
import { unionpayFace } from '#cloud/channel-simulator/faces/unionpay/unionpay-face.ts';
import { accountOf } from '#cloud/payments/channels/unionpay/testing/unionpay-rig.ts';
import { createUnionpayChannel } from '#cloud/payments/channels/unionpay/unionpay-channel.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';

export const unionpayMerchantNo = '1900000109';

/** The payment bench where the wallet UnionPay speaks its own dialect, bills included, over real sockets. */
export function openUnionpayBench(): Promise<PaymentBench> {
  const keys = makeUnionpaySandboxKeys();
  const caller = { certId: keys.certId, publicKey: createPublicKey(keys.merchantPrivateKey) };
  return createPaymentBench({
    simulator: {
      faces: [
        unionpayFace({
          callers: new Map([[unionpayMerchantNo, caller]]),
          signer: { key: keys.signerPrivateKey, certificate: keys.signerCertificate },
        }),
      ],
    },
    dialects: (line) => [
      [
        'unionpay',
        createUnionpayChannel({
          ...line,
          account: {
            ...accountOf(keys, 'none', line.baseUrl),
            merchantNos: new Set([unionpayMerchantNo]),
          },
        }),
      ],
    ],
  });
}
