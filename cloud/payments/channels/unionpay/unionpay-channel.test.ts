import { registerChannelContract } from '#cloud/payments/channels/register-channel-contract.ts';
import { openUnionpayRig } from '#cloud/payments/channels/unionpay/testing/unionpay-rig.ts';

registerChannelContract('UnionPay QR, version 5.1.0', () => openUnionpayRig());
