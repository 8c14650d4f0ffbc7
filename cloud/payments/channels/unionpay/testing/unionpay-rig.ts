import { createPublicKey, X509Certificate } from 'node:crypto';
import { createChannelSimulator } from '#cloud/channel-simulator/channel-simulator.ts';
import {
  makeUnionpaySandboxKeys,
  sandboxMerchantNo,
  sandboxSigner,
  type UnionpaySandboxKeys,
} from '#cloud/channel-simulator/faces/unionpay/keys.ts';
import { filePath } from '#cloud/channel-simulator/faces/unionpay/bill.ts';
import { unionpayFace } from '#cloud/channel-simulator/faces/unionpay/unionpay-face.ts';
import { sandboxKeysFromSeed } from '#cloud/channel-simulator/sandbox-keys.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import type { UnionpayAccount } from '#cloud/payments/channels/unionpay/config.ts';
import { createUnionpayChannel } from '#cloud/payments/channels/unionpay/unionpay-channel.ts';
import { simulatedEnd, type SimulatedEnd } from '#cloud/payments/channels/testing/simulated-rig.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';

/** 2026-09-21 22:13:20 in Shanghai, where rigs start: 46 min 40 s before UnionPay's day turns. */
export const startMs = 1_790_000_000_000;

export interface UnionpayRig extends SimulatedEnd<'unionpay'> {
  readonly channel: Channel;
  readonly channelMerchantNo: string;
}

export const accountOf = (
  keys: UnionpaySandboxKeys,
  backUrl: string,
  baseUrl = 'http://files.invalid',
): UnionpayAccount => ({
  merchantNos: new Set([sandboxMerchantNo]),
  accessType: '0',
  privateKey: keys.merchantPrivateKey,
  certId: keys.certId,
  issuers: [new X509Certificate(keys.issuerCertificate)],
  signerName: sandboxSigner,
  termId: '49000002',
  backUrl,
  fileUrl: `${baseUrl}${filePath}`,
});

/** One simulator and one adapter over a real socket. */
export async function openUnionpayRig(
  change: { readonly keys?: UnionpaySandboxKeys; readonly backUrl?: string } = {},
): Promise<UnionpayRig> {
  const clock = createManualClock(startMs);
  const keys = change.keys ?? makeUnionpaySandboxKeys();
  const neutral = sandboxKeysFromSeed('unionpay-rig');
  const simulator = await createChannelSimulator({
    port: 0,
    seed: 'unionpay',
    clock,
    channelPrivateKey: neutral.channelPrivateKey,
    apps: new Map(),
    faces: [
      unionpayFace({
        callers: new Map([
          [
            sandboxMerchantNo,
            { certId: keys.certId, publicKey: createPublicKey(keys.merchantPrivateKey) },
          ],
        ]),
        signer: { key: keys.signerPrivateKey, certificate: keys.signerCertificate },
      }),
    ],
  });
  return {
    ...simulatedEnd({ wallet: 'unionpay', simulator, clock }),
    channel: createUnionpayChannel({
      baseUrl: simulator.baseUrl,
      account: accountOf(keys, change.backUrl ?? 'none', simulator.baseUrl),
      clock,
      readTimeoutMs: 5_000,
    }),
    channelMerchantNo: sandboxMerchantNo,
  };
}
