import { existsSync } from 'node:fs';
import { readWords } from '#shared/command-line/read-words.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { readConfig } from '#cloud/platform/config.ts';
import { openDatabase } from '#cloud/platform/open-database.ts';
import { createSystemClock } from '#cloud/platform/system-clock.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { isCalendarDay } from '#cloud/settlement/calendar-day-guard.ts';
import { billReaders } from '#cloud/reconciliation/fetch-bill.ts';
import { importBill } from '#cloud/reconciliation/import-bill.ts';

/**
 * `npm run bill -- CHANNEL DATE FILE [ACCOUNT]`: imports a bill that somebody downloaded by hand.
 * CHANNEL is wechat (the uncompressed CSV) or alipay (the zip); ACCOUNT the merchant's number,
 * where the bill is one merchant's own.
 */
const formats = { wechat: 'wechat-csv', alipay: 'alipay-gbk-zip' } as const;
const given = readWords(process.argv.slice(2), {}, { wordsMax: 4 });
if (!given.ok) {
  console.error(`bill: ${given.error}`);
  process.exit(2);
}
const [channel, date, path, account = ''] = given.value.words;
const format = channel === 'wechat' || channel === 'alipay' ? formats[channel] : undefined;
const read = format === undefined ? undefined : billReaders[format];
const config = readConfig(process.env);
if (
  channel === undefined ||
  read === undefined ||
  date === undefined ||
  !isCalendarDay(date) ||
  path === undefined ||
  !existsSync(path) ||
  !config.ok
) {
  if (channel === 'unionpay' || channel === 'aggregator')
    console.error(
      `bill: ${channel} has no reader; see docs/reconciliation.md, "Channels without a bill"`,
    );
  console.error('bill: wechat|alipay YYYY-MM-DD FILE [merchant number]');
  process.exit(2);
}
const operatorId: OperatorId = config.value.operatorId;
const database = await openDatabase(config.value.database);
try {
  const deps = { db: database.scoped, clock: createSystemClock() };
  const imported = await runScoped({ type: 'operator', operatorId }, () =>
    importBill(deps, { operatorId, channel, account, date, rows: () => read(path) }),
  );
  console.log(JSON.stringify(imported.ok ? imported.value : imported.error));
  process.exitCode = imported.ok ? 0 : 1;
} finally {
  await database.close();
}
