import { certificateSerial } from '#cloud/channel-simulator/faces/wechat/keys.ts';
import { registerChannelContract } from '#cloud/payments/channels/register-channel-contract.ts';
import {
  direct,
  openWechatRig,
  partner,
} from '#cloud/payments/channels/wechat/testing/wechat-rig.ts';

registerChannelContract('WeChat Pay v3, partner, public key', () => openWechatRig(partner));
registerChannelContract('WeChat Pay v3, direct, platform certificate', () =>
  openWechatRig(direct, { platformKeyId: certificateSerial }),
);
