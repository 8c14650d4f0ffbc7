import { existsSync } from 'node:fs';
import type { OperatorId } from '#shared/ids/ids.ts';
import { billForms } from '#cloud/payments/channels/bill-forms.ts';
import { readConfig } from '#cloud/platform/config.ts';
import { openDatabase } from '#cloud/platform/postgres/open-database.ts';
import { createSystemClock } from '#cloud/platform/system-clock.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { importBill } from '#cloud/reconciliation/import-bill.ts';
import { readImportCall } from '#cloud/reconciliation/import-call.ts';

/**
 * `npm run bill -- CHANNEL DATE FILE [ACCOUNT] [--as wechat|alipay|unionpay|aggregator]`: imports a bill that somebody downloaded by hand.
 */
const refuse = (why: string): never => {
  console.error(`bill: ${why}`);
  process.exit(2);
};
const call = readImportCall(process.argv.slice(2));
if (!call.ok) refuse(call.error);
else if (!existsSync(call.value.path)) refuse(`there is no file ${call.value.path}`);
else {
  const { channel, format, date, path, account } = call.value;
  const config = readConfig(process.env);
  const settings = config.ok ? config.value : refuse(config.error.problems.join('; '));
  const operatorId: OperatorId = settings.operatorId;
  const database = await openDatabase(settings.database);
  try {
    const deps = { db: database.scoped, clock: createSystemClock() };
    const { rows, dayTurnsBeforeMs } = billForms[format];
    const file = { operatorId, channel, account, date, dayTurnsBeforeMs, rows: () => rows(path) };
    const imported = await runScoped({ type: 'operator', operatorId }, () =>
      importBill(deps, file),
    );
    console.log(JSON.stringify(imported.ok ? imported.value : imported.error));
    process.exitCode = imported.ok ? 0 : 1;
  } finally {
    await database.close();
  }
}
