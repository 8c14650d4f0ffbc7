import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wechatBill } from '#cloud/channel-simulator/faces/wechat/bill.ts';
import type { Face } from '#cloud/channel-simulator/protocol.ts';
import { shanghaiDateOf } from '#cloud/channel-simulator/shanghai-time.ts';
import type { BillRow } from '#cloud/channel/channel-bill.ts';
import { wechatBillRows } from '#cloud/payments/channels/wechat/bill-rows.ts';
import { importBill } from '#cloud/reconciliation/import-bill.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { admin, simOperatorId, type SimShop } from '../sim-shop.ts';

/** A difference between a bill and our books that people see at the desk. */
export interface BillBreak {
  readonly class: string;
  /** The channel's order number, where it is about an order. */
  readonly subject: string;
  readonly billFen: number;
  readonly state: string;
}

const faces: readonly Face[] = ['wechat', 'alipay', 'unionpay', 'withholding'];

/** The bills of every day on which somebody paid are read in; what does not fit our books stands there afterwards. */
export async function breaksOfBills(shop: SimShop): Promise<readonly BillBreak[]> {
  const { simulator } = shop.channel;
  const paidAtMs = simulator.books().flatMap((line) => line.paidAtMs ?? []);
  for (const date of new Set(paidAtMs.map(shanghaiDateOf)))
    for (const face of faces) await importDay(shop, { face, date });
  const path = '/admin/v1/breaks';
  const { breaks } = await admin<{ breaks: readonly BillBreak[] }>(shop.host, 'GET', path);
  return breaks.map((one) => ({
    class: one.class,
    subject: one.subject,
    billFen: one.billFen,
    state: one.state,
  }));
}

async function importDay(
  shop: SimShop,
  { face, date }: { readonly face: Face; readonly date: string },
): Promise<void> {
  const rows = await readAsFile(shop, { face, date });
  const file = {
    operatorId: simOperatorId,
    channel: face,
    account: '',
    date,
    rows: async function* () {
      yield* rows;
    },
  };
  const deps = { db: shop.host.db(), clock: shop.world.clockOf(() => 0) };
  getOrThrow(await importBill(deps, file));
}

/** As a file that somebody downloaded: written by the channel, read by the reader of the cloud. */
async function readAsFile(
  { channel, world }: SimShop,
  day: { readonly face: Face; readonly date: string },
): Promise<readonly BillRow[]> {
  const done = world.realWork();
  const folder = mkdtempSync(join(tmpdir(), 'greentill-sim-bill-'));
  try {
    const path = join(folder, 'bill.csv');
    const lines = channel.simulator.bills.linesOf(day);
    writeFileSync(path, wechatBill(lines, { appid: 'wxsandbox', caller: '1800000001' }));
    const rows: BillRow[] = [];
    for await (const row of wechatBillRows(path)) rows.push(row);
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    done();
  }
}
