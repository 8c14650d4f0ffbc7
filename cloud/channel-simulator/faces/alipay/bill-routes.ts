import { randomBytes } from 'node:crypto';
import { alipayBill } from '#cloud/channel-simulator/faces/alipay/bill.ts';
import { alipayRequests } from '#cloud/channel-simulator/faces/alipay/requests.ts';
import type { Call, Handlers } from '#cloud/channel-simulator/faces/alipay/route.ts';
import { refuse, said } from '#cloud/channel-simulator/faces/alipay/words.ts';

/** A day's bill is there from 9:00 in Shanghai on the next day on; its address lives 30 seconds. */
const readyAfterMs = 33 * 3_600_000;
const addressLivesMs = 30_000;
/** Addresses given out at once; the oldest is forgotten. */
const addressesMax = 100;

export const billPath = '/alipay/billdownload';

/** The bill: a signed answer with an address, and an unsigned zip behind the address. */
export function billDesk(): {
  readonly handlers: Handlers;
  readonly fileOf: (token: string, nowMs: number) => Buffer | undefined;
} {
  const files = new Map<string, { readonly bytes: Buffer; readonly untilMs: number }>();
  return {
    fileOf: (token, nowMs) => {
      const file = files.get(token);
      return file === undefined || file.untilMs < nowMs ? undefined : file.bytes;
    },
    handlers: {
      'alipay.data.dataservice.bill.downloadurl.query': (call: Call) => {
        const { house, merchantNo, nowMs } = call;
        const date = alipayRequests.bill(call.bizContent)?.bill_date;
        const startMs = Date.parse(`${date ?? ''}T00:00:00+08:00`);
        if (date === undefined || Number.isNaN(startMs)) return refuse('PARAM_ERROR');
        const lines = house.bills.linesOf({ face: 'alipay', date, merchantNo });
        if (nowMs < startMs + readyAfterMs || lines.length === 0) return refuse('BILL_NOT_EXIST');
        const token = randomBytes(24).toString('base64url');
        const bytes = alipayBill(lines, { merchantNo, date, nowMs });
        files.set(token, { bytes, untilMs: nowMs + addressLivesMs });
        for (const old of [...files.keys()].slice(0, -addressesMax)) files.delete(old);
        return said({ bill_download_url: `${house.baseUrl()}${billPath}?token=${token}` });
      },
    },
  };
}
