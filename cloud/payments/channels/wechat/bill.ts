import { createHash } from 'node:crypto';
import { createGunzip } from 'node:zlib';
import {
  billBytesMax,
  type BillDesk,
  type BillOutcome,
  type BillSink,
} from '#cloud/channel/channel-bill.ts';
import type { WechatClient } from '#cloud/payments/channels/wechat/client.ts';
import type { WechatOptions } from '#cloud/payments/channels/wechat/config.ts';
import { wechatMessages } from '#cloud/payments/channels/wechat/messages.ts';
import { unknown } from '#cloud/payments/channels/wire/evidence.ts';
import { streamFromWire } from '#cloud/payments/channels/wire/stream.ts';

/** A day's bill may take long; the address lives for five minutes. */
export const billReadTimeoutMs = 300_000;

/**
 * The trade bill of a day. The answer with the address is signed, the file is not: what makes it
 * true is the SHA-1 of the uncompressed bytes in the signed answer.
 */
export function createWechatBills(client: WechatClient, options: WechatOptions): BillDesk {
  const { identity } = options.account;
  return {
    format: 'wechat-csv',
    download: async ({ date, channelMerchantNo }, sink) => {
      const query = new URLSearchParams({ bill_date: date });
      if (channelMerchantNo !== undefined && identity.type === 'partner')
        query.set('sub_mchid', channelMerchantNo);
      query.set('bill_type', 'ALL');
      query.set('tar_type', 'GZIP');
      const target = `/v3/bill/tradebill?${query.toString()}`;
      const answer = await client.ask({ method: 'GET', target });
      const { evidence } = answer;
      if (answer.type !== 'said') return { outcome: absence(answer.code), evidence };
      const bill = answer.value;
      if (!wechatMessages.bill.Check(bill)) return { outcome: unknown('garbled-answer'), evidence };
      const outcome = await fetchBill({ client, options, sink }, bill);
      return { outcome, evidence };
    },
  };
}

const absence = (code: string): BillOutcome => {
  if (code === 'NO_STATEMENT_EXIST') return { type: 'no-bill', code };
  return code === 'STATEMENT_CREATING' ? { type: 'not-ready', code } : unknown(code);
};

async function fetchBill(
  far: {
    readonly client: WechatClient;
    readonly options: WechatOptions;
    readonly sink: BillSink;
  },
  bill: { readonly hash_value: string; readonly download_url: string },
): Promise<BillOutcome> {
  const url = URL.parse(bill.download_url);
  // Our signature goes along: only the channel itself may see it.
  if (url?.origin !== new URL(far.options.baseUrl).origin) return unknown('foreign-address');
  const hash = createHash('sha1');
  let bytes = 0;
  const how = await streamFromWire({
    url,
    headers: far.client.headersOf({ method: 'GET', target: `${url.pathname}${url.search}` }),
    readTimeoutMs: billReadTimeoutMs,
    through: createGunzip(),
    bytesMax: billBytesMax,
    sink: async (chunk) => {
      hash.update(chunk);
      bytes += chunk.length;
      await far.sink(chunk);
    },
  });
  if (how !== 'whole') return unknown(how);
  const hex = hash.digest('hex');
  return hex === bill.hash_value.toLowerCase()
    ? { type: 'whole', bytes, digest: { algorithm: 'sha1', hex } }
    : unknown('digest-mismatch');
}
