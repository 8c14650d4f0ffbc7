import { alipayDeclines, alipayUnknownNumbers } from '#cloud/payments/channels/alipay/codes.ts';
import { silentOrBy } from '#cloud/payments/channels/wire/judge-money.ts';

export const silentOr = silentOrBy({
  declines: alipayDeclines,
  unknownNumbers: alipayUnknownNumbers,
});
