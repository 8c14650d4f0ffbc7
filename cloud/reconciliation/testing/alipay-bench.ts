import { createPublicKey } from 'node:crypto';
import { alipayFace, gatewayPath } from '#cloud/channel-simulator/faces/alipay/alipay-face.ts';
import { makeAlipaySandboxKeys } from '#cloud/channel-simulator/faces/alipay/keys.ts';
import { createAlipayChannel } from '#cloud/payments/channels/alipay/alipay-channel.ts';
import { publicKeyMode } from '#cloud/payments/channels/alipay/config.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';

export const alipayMerchantNo = '1900000109';
const appId = '2021000000000001';

/** The payment bench where the wallet Alipay speaks its own dialect, bills included, over real sockets. */
export function openAlipayBench(): Promise<PaymentBench> {
  const keys = makeAlipaySandboxKeys();
  const caller = {
    publicKey: createPublicKey(keys.appPrivateKey),
    merchantOfToken: () => alipayMerchantNo,
  };
  return createPaymentBench({
    simulator: {
      faces: [
        alipayFace({ callers: new Map([[appId, caller]]), privateKey: keys.alipayPrivateKey }),
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
            identity: { type: 'direct', sellerId: alipayMerchantNo },
            privateKey: keys.appPrivateKey,
            alipayKeys: new Map([[publicKeyMode, createPublicKey(keys.alipayPrivateKey)]]),
            certificates: undefined,
            notifyUrl: undefined,
            billOrigins: [line.baseUrl],
            storeId: '',
            freezesMoney: false,
          },
        }),
      ],
    ],
  });
}
