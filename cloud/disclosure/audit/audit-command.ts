import { readWords } from '#shared/command-line/read-words.ts';
import { exportAudit } from '#cloud/disclosure/audit/audit-folder.ts';
import { verifyAudit } from '#cloud/disclosure/audit/verify-audit.ts';
import { readConfig } from '#cloud/platform/config.ts';
import { openDatabase } from '#cloud/platform/postgres/open-database.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { isCalendarDay } from '#cloud/settlement/calendar-day-guard.ts';

/**
 * `npm run audit -- --out FOLDER --from DAY --to DAY` exports the points engine for an auditor,
 * from the database of the cloud's environment; an embedded one must not be in use.
 * `npm run audit -- --verify FOLDER` computes an export again and needs no database. Exit code 1:
 * something differs.
 */
const usage = 'audit: --out FOLDER --from YYYY-MM-DD --to YYYY-MM-DD, or --verify FOLDER';

const text = { type: 'text' } as const;
const given = readWords(process.argv.slice(2), { out: text, from: text, to: text, verify: text });
if (!given.ok) {
  console.error(`audit: ${given.error}`);
  console.error(usage);
  process.exit(2);
}
const { out, from, to, verify } = given.value.values;

if (verify !== undefined) {
  const { rows, differences } = await verifyAudit(verify);
  for (const { where, says } of differences) console.log(`${where}: ${says}`);
  console.log(`audit: ${rows} rows looked at, ${differences.length} differences`);
  process.exitCode = differences.length === 0 ? 0 : 1;
} else {
  const config = readConfig(process.env);
  const isSpan = from !== undefined && to !== undefined && isCalendarDay(from) && isCalendarDay(to);
  if (out === undefined || !isSpan || from > to || !config.ok) {
    console.error(usage);
    process.exit(2);
  }
  const { operatorId } = config.value;
  const database = await openDatabase(config.value.database);
  try {
    const { files } = await runScoped({ type: 'operator', operatorId }, () =>
      exportAudit(database.scoped, { operatorId, from, to }, { folder: out }),
    );
    for (const [name, { rows, sha256 }] of Object.entries(files))
      console.log(`${sha256}  ${name}  ${rows} rows`);
  } finally {
    await database.close();
  }
}
