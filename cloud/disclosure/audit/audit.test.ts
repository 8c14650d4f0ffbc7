import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportAudit } from '#cloud/disclosure/audit/audit-folder.ts';
import { auditTables, type AuditTable } from '#cloud/disclosure/audit/audit-tables.ts';
import { verifyAudit } from '#cloud/disclosure/audit/verify-audit.ts';
import {
  inOneMoment,
  manifestName,
  rowsPerFetch,
  writeTable,
  type Manifest,
} from '#cloud/disclosure/audit/write-audit.ts';
import { lifeLastDay, liveALife, type LivedLife } from '#cloud/disclosure/testing/lived-life.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { runProofs } from '#cloud/proof/proof-run.ts';

let life: LivedLife;
let root: string;
const days = { from: '2026-02-01', to: '2026-05-11' };

const asOperator = <T>(work: () => T): T =>
  runScoped({ type: 'operator', operatorId: life.cloud.deps.operatorId }, work);
const spanOf = () => ({ operatorId: life.cloud.deps.operatorId, ...days });
const exportTo = (name: string) =>
  asOperator(() => exportAudit(life.cloud.deps.db, spanOf(), { folder: join(root, name) }));
const bytesOf = (name: string) =>
  Object.fromEntries(
    readdirSync(join(root, name)).map((file) => [
      file,
      readFileSync(join(root, name, file), 'utf8'),
    ]),
  );
const getFile = (file: string, query = `?from=${days.from}&to=${days.to}`, token = true) =>
  life.app.inject({
    url: `/admin/v1/audit/${file}${query}`,
    headers: token ? { authorization: `Bearer ${life.cloud.deps.operatorToken}` } : {},
  });
/** `npm run audit` on the database of this life. */
const audit = (...args: readonly string[]) =>
  spawnSync(process.execPath, [join(import.meta.dirname, 'audit-command.ts'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, DATABASE_URL: life.cloud.databaseUrl },
  });
const readJson = (name: string) =>
  JSON.parse(readFileSync(join(root, 'first', `${name}.json`), 'utf8')) as Record<
    string,
    unknown
  >[];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'greentill-audit-'));
  life = await liveALife();
  // Seals the books to their end.
  await runProofs(life.cloud.deps);
  await exportTo('first');
}, 120_000);
afterAll(async () => {
  await life?.close();
  rmSync(root, { recursive: true, force: true });
});

/** A copy of the export in which somebody changed a file, hashes and CSV and all. */
function planted(table: AuditTable['name'], change: (text: string) => string): string {
  const folder = join(root, `planted-${Math.trunc(performance.now() * 1000)}`);
  cpSync(join(root, 'first'), folder, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(folder, manifestName), 'utf8')) as {
    files: Record<string, { sha256: string }>;
  };
  for (const kind of ['csv', 'json']) {
    const path = join(folder, `${table}.${kind}`);
    const text = readFileSync(path, 'utf8');
    const changed = change(text);
    writeFileSync(path, changed);
    manifest.files[`${table}.${kind}`]!.sha256 = createHash('sha256').update(changed).digest('hex');
  }
  writeFileSync(join(folder, manifestName), JSON.stringify(manifest));
  return folder;
}
const differencesOf = async (folder: string) =>
  (await verifyAudit(folder)).differences.map(({ where, says }) => `${where}: ${says}`);

describe("the auditor's export", () => {
  it('is the same bytes for the same state, and holds all of the life', async () => {
    const second = await exportTo('second');
    expect(bytesOf('second')).toEqual(bytesOf('first'));
    for (const { name } of auditTables.filter((table) => table.name !== 'wind-down-shares'))
      expect(second.files[`${name}.json`]!.rows, name).toBeGreaterThan(0);
    expect(readJson('closes')).toHaveLength(4);
    const [stored] = (
      await life.cloud.deps.db.execute<{ fen: number; runs: number }>(sql`
        select sum(released_fen)::bigint as fen, count(*) as runs from release_run`)
    ).rows;
    const given = readJson('allocations').reduce((sum, row) => sum + Number(row['alloc_fen']), 0);
    expect(given).toBe(stored!.fen);
    expect(readJson('runs')).toHaveLength(stored!.runs);
    expect(readJson('runs').at(-1)).toMatchObject({ day: lifeLastDay });
  });

  it('computes again to the last figure, from its own files alone', async () => {
    const { rows, differences } = await verifyAudit(join(root, 'first'));
    expect(differences).toEqual([]);
    expect(rows).toBeGreaterThan(200);
  });

  it('has no name and no phone of anybody in it', () => {
    const whole = Object.values(bytesOf('first')).join('');
    // Among so many hashes any four digits occur.
    const text = whole.replaceAll(/[0-9a-f]{64}/g, '');
    for (const secret of ['陈红', '王芳', '李强', '"chen"', ',chen,', 'wrong member', '1380'])
      expect(text).not.toContain(secret);
    expect(whole).toMatch(/sha256:[0-9a-f]{64}/);
    expect(text).toContain('prs_');
  });

  it.each<[string, AuditTable['name'], (text: string) => string, RegExp]>([
    [
      'a budget that does not follow',
      'closes',
      (text) =>
        text
          .replaceAll(/(2026-04,1,true,open,)(\d+),(\d+)/g, '$1$2,1')
          .replaceAll(/"budget_fen":[1-9]\d*/g, '"budget_fen":1'),
      /closes 2026-0\d: budget_fen is 1, computed again it is/,
    ],
    [
      'an input of a close',
      'closes',
      (text) => text.replaceAll(/(fundFen""?:)(\d)/g, '$19$2'),
      /closes 2026-0\d: the hash of its explanation is another one/,
    ],
    [
      'a gate that was opened by hand',
      'closes',
      (text) =>
        text
          .replaceAll('no-previous-pool', 'open')
          .replaceAll('"gate_open":false', '"gate_open":true'),
      /closes 2026-01: gate_reason is open, computed again it is no-previous-pool/,
    ],
    [
      'an account that got one fen more',
      'allocations',
      (text) =>
        text.replace(/"alloc_fen":(\d+)/, (_all, fen: string) => `"alloc_fen":${Number(fen) + 1}`),
      /runs 2026-0\d-\d\d: released_fen is \d+, computed again it is \d+/,
    ],
    [
      'a rule outside its range',
      'policy-versions',
      (text) => text.replaceAll(/(multMaxBp""?:)50000/g, '$190000'),
      /policy-versions 1: multMaxBp lies outside its legal range/,
    ],
    [
      'a day that spent more than its limit',
      'runs',
      (text) => text.replaceAll(/"limit_fen":\d+/g, '"limit_fen":0'),
      /runs 2026-0\d-\d\d: more was released than the limit/,
    ],
    [
      'a voucher that grew',
      'vouchers',
      (text) => text.replaceAll('"face_fen":', '"face_fen":9'),
      /vouchers vch_\w+: its parts are not its face value/,
    ],
    [
      'a leg of a journal that became another one',
      'ledger-entries',
      (text) =>
        text.replace(
          /"amount_fen":(\d+)/,
          (_all, fen: string) => `"amount_fen":${Number(fen) + 1}`,
        ),
      /ledger-entries \d+: its legs sum to 1 fen\n.*its hash is not that of its kind and legs/,
    ],
    [
      'a fen of cash that is gone',
      'balances',
      (text) => text.replaceAll(/("account":"fund_free","balance_fen":)(\d)/g, '$19$2'),
      /balances: K is not F \+ VO \+ PI/,
    ],
    [
      'books that were sealed anew by a stranger',
      'seals',
      (text) => text.replaceAll(/"hash":"[0-9a-f]{8}/g, '"hash":"00000000'),
      /seals 1: its signature is not that of its key/,
    ],
  ])('planted violation: %s is named', async (_name, table, change, expected) => {
    const found = await differencesOf(planted(table, change));
    expect(found.join('\n')).toMatch(expected);
  });

  it('has the shares of a winding down, and names a share that grew', async () => {
    const { db, operatorId } = life.cloud.deps;
    await db.execute(sql`
      insert into wind_down (operator_id, plan_no, stop_on, plan_zh, plan_en, proposed_by, proposed_at_ms,
        state, ended_by, ended_at_ms, ended_note, distributed_at_ms, distributed_fen, account_count,
        explanation, explanation_hash)
      select ${operatorId}, 1, '2026-05-01', 'a plan to end', 'a plan to end', min(person_id), 1,
             'distributed', max(person_id), 1, 'agreed', 1, 30, 2, '{}', ${'0'.repeat(64)}
        from operator_person`);
    await db.execute(sql`
      insert into wind_down_share (operator_id, plan_no, member_id, points, value_fen, ordinal)
      values (${operatorId}, 1, 'mbr_1', 10, 10, 0), (${operatorId}, 1, 'mbr_2', 20, 21, 1)`);
    await exportTo('ended');
    expect(await differencesOf(join(root, 'ended'))).toEqual([
      'wind-down-shares 1: they are 31 fen, the plan says 30',
    ]);
    await db.execute(sql`alter table wind_down_share disable trigger all`);
    await db.execute(sql`delete from wind_down_share`);
    await db.execute(sql`delete from wind_down`);
  });

  it('planted violation: one changed byte, and a file that is gone, are named', async () => {
    const folder = join(root, 'bent');
    cpSync(join(root, 'first'), folder, { recursive: true });
    writeFileSync(join(folder, 'runs.csv'), `${readFileSync(join(folder, 'runs.csv'), 'utf8')} `);
    expect(await differencesOf(folder)).toContain(
      'runs.csv: its SHA-256 is not the one of the manifest',
    );
    rmSync(join(folder, 'seals.json'));
    expect(await differencesOf(folder)).toEqual(['seals: the file is not there']);
    expect(await differencesOf(join(root, 'nowhere'))).toHaveLength(1);
  });

  it('streams the same files over the route, to the operator only', async () => {
    const first = bytesOf('first');
    for (const file of Object.keys(first))
      expect((await getFile(file)).body, file).toBe(first[file]);
    expect((await getFile('runs.csv', undefined, false)).statusCode).toBe(401);
    expect((await getFile('runs.csv', '?from=2026-02-30&to=2026-03-01')).statusCode).toBe(400);
    expect((await getFile('members.csv')).statusCode).toBe(404);
    const both = await Promise.all([getFile('manifest.json'), getFile('manifest.json')]);
    expect(both.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([200, 429]);
  }, 60_000);

  it('holds at most one batch in memory, whatever a table has', async () => {
    const table: AuditTable = {
      name: 'many',
      columns: ['n'],
      query: () => sql`select n from generate_series(1, 25000) n`,
    };
    let most = 0;
    const write = (text: string) => {
      most = Math.max(most, text.split('\n').length);
      return Promise.resolve();
    };
    const written = await asOperator(() =>
      inOneMoment(life.cloud.deps.db, (tx) =>
        writeTable(tx, { table, span: spanOf(), sinks: { csv: { write } } }),
      ),
    );
    expect(written.csv.rows).toBe(25_000);
    expect(most).toBeLessThanOrEqual(rowsPerFetch + 1);
  }, 60_000);

  it('exports the same bytes from the command line, verifies them, and the exit code says it', () => {
    const span = ['--from', days.from, '--to', days.to];
    const made = audit('--out', join(root, 'by-command'), ...span);
    expect([made.status, made.stderr]).toEqual([0, '']);
    expect(bytesOf('by-command')).toEqual(bytesOf('first'));
    expect(audit('--out', join(root, 'x'), '--from', days.to, '--to', days.from).status).toBe(2);
    for (const misspelt of [
      ['--verfy', join(root, 'first')],
      ['--out', join(root, 'x'), '--form', days.from, '--to', days.to],
      ['--verify', join(root, 'first'), 'more'],
    ]) {
      const refused = audit(...misspelt);
      expect([refused.status, refused.stdout]).toEqual([2, '']);
      expect(refused.stderr).toMatch(/^audit: .*(verfy|form|more)/);
      expect(refused.stderr).toContain('audit: --out FOLDER');
    }
    const good = audit('--verify', join(root, 'first'));
    expect([good.status, good.stdout]).toEqual([0, expect.stringContaining(' 0 differences')]);
    const bad = audit('--verify', join(root, 'nowhere'));
    expect(bad.status).toBe(1);
  }, 60_000);
});

/** The manifest names every file, in one form. */
it('the manifest has no time of its own', () => {
  const manifest = JSON.parse(bytesOf('first')[manifestName]!) as Manifest;
  expect(Object.keys(manifest)).toEqual(['format', 'operatorId', 'from', 'to', 'files']);
  expect(Object.keys(manifest.files)).toHaveLength(auditTables.length * 2);
});
