import {
  closedRule,
  failedRule,
  payingRule,
  unknownRule,
  type ChannelCodeTable,
} from '#cloud/channel/channel-codes.ts';

const otherCard = failedRule('payer-balance', 'new-number');

/**
 * respCode of a charge, and origRespCode of a query about it. 00 is never "paid" by itself: a
 * charge is only accepted with it, and the query behind it tells. UnionPay's pages call everything
 * but 00, 03, 04 and 05 a failure; here only what names its reason is one, 01 and 60 ("failed, ask
 * the bank") are asked about.
 * Source: the common response codes of open.unionpay.com, by way of public demos; which code a QR
 * that is too old gets (61 here, "the number is invalid") is an assumption until a test merchant
 * shows it.
 */
export const unionpayCodes: ChannelCodeTable = {
  '00': payingRule,
  '03': unknownRule('query'),
  '04': unknownRule('query'),
  '05': unknownRule('query'),
  '01': unknownRule('query'),
  '02': unknownRule('back-off'),
  '06': unknownRule('back-off'),
  '37': unknownRule('back-off'),
  '12': unknownRule('alarm'),
  '60': unknownRule('query'),
  '30': otherCard,
  '33': otherCard,
  '38': otherCard,
  '61': failedRule('payment-code-used', 'new-number'),
  '62': otherCard,
  '63': otherCard,
  '64': otherCard,
  '65': otherCard,
  '66': otherCard,
  '67': otherCard,
  '68': otherCard,
  '35': failedRule('order-number-closed', 'new-number'),
  '10': closedRule,
  '11': closedRule,
  '13': closedRule,
  '31': closedRule,
  '32': closedRule,
  '43': closedRule,
};

/** The transaction was taken, or had been: what became of it is told by a query alone. */
export const wasTaken: ReadonlySet<string> = new Set(['00', '03', '04', '05', '12']);
/** Of origRespCode: still at it. */
export const stillOpen: ReadonlySet<string> = new Set(['03', '04', '05']);
/** UnionPay knows nothing of the number asked for. */
export const notFoundCode = '34';

/** Refusals of refunds after which nothing has moved. Everything else is unknown. */
export const unionpayDeclines: ReadonlySet<string> = new Set(['10', '11', '13', '32', '35', '36']);
