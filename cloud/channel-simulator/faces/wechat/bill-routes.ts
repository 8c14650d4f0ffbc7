import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { billDigest, wechatBill } from '#cloud/channel-simulator/faces/wechat/bill.ts';
import type { Call, WechatRoute } from '#cloud/channel-simulator/faces/wechat/route.ts';
import { refuse, said } from '#cloud/channel-simulator/faces/wechat/words.ts';

const dayMs = 86_400_000;
/** A day's bill is there from 10:00 in Shanghai on the next day on, for three months; its address lives 5 minutes. */
const readyAfterMs = 34 * 3_600_000;
const keptMs = 92 * dayMs;
const addressLivesMs = 300_000;
/** Addresses given out at once; the oldest is forgotten. */
const addressesMax = 100;

/** The trade bill: a signed answer with an address and a digest, and an unsigned file behind the address. */
export function billRoutes(): readonly WechatRoute[] {
  const files = new Map<string, { readonly bytes: Buffer; readonly untilMs: number }>();
  return [
    { method: 'GET', path: '/v3/bill/tradebill', handle: (call) => tradeBill(call, files) },
    {
      method: 'GET',
      path: '/v3/billdownload/file',
      handle: ({ query, nowMs }) => {
        const file = files.get(query.get('token') ?? '');
        return file === undefined || file.untilMs < nowMs
          ? refuse('NO_AUTH')
          : { status: 200, body: file.bytes, isUnsigned: true };
      },
    },
  ];
}

function tradeBill(
  { house, options, caller, query, nowMs }: Call,
  files: Map<string, { readonly bytes: Buffer; readonly untilMs: number }>,
) {
  const date = query.get('bill_date') ?? '';
  const startMs = Date.parse(`${date}T00:00:00+08:00`);
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(date) || Number.isNaN(startMs))
    return refuse('PARAM_ERROR');
  if (nowMs < startMs + readyAfterMs) return refuse('STATEMENT_CREATING');
  if (nowMs > startMs + keptMs) return refuse('NO_STATEMENT_EXIST');
  const merchantNo = query.get('sub_mchid') ?? undefined;
  const lines = house.bills.linesOf({
    face: 'wechat',
    date,
    ...(merchantNo === undefined ? {} : { merchantNo }),
  });
  if (lines.length === 0) return refuse('NO_STATEMENT_EXIST');
  const bill = wechatBill(lines, { appid: options.appid, caller });
  const token = randomBytes(24).toString('base64url');
  const bytes = query.get('tar_type') === 'GZIP' ? gzipSync(bill) : bill;
  files.set(token, { bytes, untilMs: nowMs + addressLivesMs });
  for (const old of [...files.keys()].slice(0, -addressesMax)) files.delete(old);
  return said(200, {
    hash_type: 'SHA1',
    hash_value: billDigest(bill),
    download_url: `${house.baseUrl()}/v3/billdownload/file?token=${token}`,
  });
}
