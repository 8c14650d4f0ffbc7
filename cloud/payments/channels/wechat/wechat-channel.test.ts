import { certificateSerial } from '#cloud/channel-simulator/faces/wechat/keys.ts';
import { registerChannelContract } from '#cloud/payments/channels/register-channel-contract.ts';
import { openWechatRig } from '#cloud/payments/channels/wechat/testing/wechat-rig.ts';
import { direct, partner } from '#cloud/payments/channels/wechat/testing/wechat-sandbox.ts';

registerChannelContract('WeChat Pay v3, partner, public key', () => openWechatRig(partner));
registerChannelContract('WeChat Pay v3, direct, platform certificate', () =>
  openWechatRig(direct, { platformKeyId: certificateSerial }),
);
