import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BenchTable } from './bench-table.ts';

/** `npm run bench -- [NAME…]`: runs benchmarks, prints a table each and writes bench/results/NAME.json. */
const benches: Readonly<Record<string, () => Promise<BenchTable>>> = {
  charge: async () => (await import('./charge.ts')).runChargeBench(),
  commit: async () => (await import('./commit.ts')).runCommitBench(),
  drain: async () => (await import('./drain.ts')).runDrainBench(),
  ledger: async () => (await import('./ledger.ts')).runLedgerBench(),
  print: async () => (await import('./print.ts')).runPrintBench(),
  reconcile: async () => (await import('./reconcile.ts')).runReconcileBench(),
  receipt: async () => (await import('./receipt.ts')).runReceiptBench(),
  release: async () => (await import('./release.ts')).runReleaseBench(),
  route: async () => (await import('./route.ts')).runRouteBench(),
  scan: async () => (await import('./scan.ts')).runScanBench(),
  storm: async () => (await import('./storm.ts')).runStormBench(),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}
const results = fileURLToPath(new URL('./results/', import.meta.url));
mkdirSync(results, { recursive: true });
let failed = false;
for (const name of asked.length > 0 ? asked : Object.keys(benches)) {
  const table = await benches[name]?.();
  if (table === undefined) continue;
  print(table);
  writeFileSync(`${results}${name}.json`, `${JSON.stringify(table, undefined, 2)}\n`);
  failed ||= table.verdicts.some((verdict) => !verdict.ok);
}
process.exit(failed ? 1 : 0);

function print(table: BenchTable): void {
  console.log(`\n${table.name}   (${table.machine})`);
  const width = Math.max(...table.rows.map((row) => row.name.length));
  for (const row of table.rows) {
    const ratio = row.ratio === undefined ? '' : `   x ${Number(row.ratio.toFixed(2))}`;
    const value = row.value.toLocaleString('en').padStart(12);
    console.log(`  ${row.name.padEnd(width)} ${value} ${row.unit}${ratio}`);
  }
  for (const setting of table.settings ?? []) console.log(`  set to ${setting}`);
  for (const verdict of table.verdicts) {
    console.log(`  ${verdict.ok ? 'holds ' : 'BROKEN'} ${verdict.law}: ${verdict.measured}`);
  }
}
