import { wechatDeclines, wechatUnknownNumbers } from '#cloud/payments/channels/wechat/codes.ts';
import { silentOrBy } from '#cloud/payments/channels/wire/judge-money.ts';

export const silentOr = silentOrBy({
  declines: wechatDeclines,
  unknownNumbers: wechatUnknownNumbers,
});
