import { registerChannelContract } from '#cloud/payments/channels/register-channel-contract.ts';
import {
  direct,
  openAlipayRig,
  provider,
} from '#cloud/payments/channels/alipay/testing/alipay-rig.ts';

registerChannelContract('Alipay, a provider, public key', () => openAlipayRig(provider));
registerChannelContract('Alipay, a merchant for himself, certificates', () =>
  openAlipayRig(direct, { certificateSerial: 'c'.repeat(32) }),
);
