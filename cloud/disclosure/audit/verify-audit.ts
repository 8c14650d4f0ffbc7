import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { auditTables, type AuditTable } from '#cloud/disclosure/audit/audit-tables.ts';
import {
  csvLine,
  csvRow,
  parseJsonLine,
  textAt,
  type AuditRow,
} from '#cloud/disclosure/audit/audit-text.ts';
import {
  configsOf,
  sealDiffers,
  verifyCloses,
  verifyRun,
  type Difference,
  type RunSums,
} from '#cloud/disclosure/audit/verify-closes.ts';
import {
  fileKinds,
  fileName,
  manifestName,
  type FileKind,
  type Manifest,
} from '#cloud/disclosure/audit/write-audit.ts';
import { verifyText } from '#cloud/identity/ed25519.ts';
import { signedText } from '#cloud/ledger/seal-books.ts';

/** Differences that are listed; more than so many say nothing new. */
export const differencesMax = 200;

export interface Verdict {
  readonly manifest: Manifest | undefined;
  /** Rows that were looked at, of all tables. */
  readonly rows: number;
  readonly differences: readonly Difference[];
}

/**
 * Reads an export and computes it again, without any database: the hash of each file, that CSV and
 * JSON say the same, every close from its inputs with the engine (planClose), every run's limit
 * from its snapshot and its sum from its allocations, every record's seal, the parts of each
 * voucher, K = F + VO + PI, and the chain and signatures of the books' seals. Row by row, with
 * bounded memory.
 */
export async function verifyAudit(folder: string): Promise<Verdict> {
  const found: Difference[] = [];
  const add = (differences: readonly Difference[]) => {
    found.push(...differences.slice(0, differencesMax - found.length));
  };
  const manifest = readManifest(folder);
  if (manifest === undefined)
    return {
      manifest,
      rows: 0,
      differences: [{ where: manifestName, says: 'it is not there, or of another form' }],
    };
  const isThere = (table: AuditTable) =>
    fileKinds.every((kind) => existsSync(join(folder, fileName(table.name, kind))));
  for (const table of auditTables)
    if (!isThere(table)) add([{ where: table.name, says: 'the file is not there' }]);
  if (!auditTables.every(isThere)) return { manifest, rows: 0, differences: found };
  for (const table of auditTables) {
    for (const kind of fileKinds) add(await verifyFile(folder, { manifest, table, kind }));
    add(await verifySameRows(folder, table));
  }
  const rows = await verifyContent(folder, add);
  return { manifest, rows, differences: found };
}

function readManifest(folder: string): Manifest | undefined {
  const path = join(folder, manifestName);
  if (!existsSync(path)) return undefined;
  try {
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
    return manifest.format === 'greentill/audit/1' ? manifest : undefined;
  } catch {
    return undefined;
  }
}

async function verifyFile(
  folder: string,
  file: { readonly manifest: Manifest; readonly table: AuditTable; readonly kind: FileKind },
): Promise<readonly Difference[]> {
  const name = fileName(file.table.name, file.kind);
  const told = file.manifest.files[name];
  if (told === undefined) return [{ where: name, says: 'the manifest does not name it' }];
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(join(folder, name))) hash.update(chunk as Buffer);
  return hash.digest('hex') === told.sha256
    ? []
    : [{ where: name, says: 'its SHA-256 is not the one of the manifest' }];
}

/** The rows of a table, from its JSON. */
async function* rowsOf(folder: string, name: string): AsyncGenerator<AuditRow> {
  for await (const line of linesOf(folder, fileName(name, 'json'))) {
    const row = parseJsonLine(line);
    if (row !== undefined) yield row;
  }
}

const linesOf = (folder: string, name: string) =>
  createInterface({ input: createReadStream(join(folder, name)), crlfDelay: Infinity });

/** No field has a line break in it: records are JSON without spaces. */
async function verifySameRows(folder: string, table: AuditTable): Promise<readonly Difference[]> {
  const lines = linesOf(folder, fileName(table.name, 'csv'))[Symbol.asyncIterator]();
  const nextLine = async () => {
    const { value, done } = await lines.next();
    return done === true ? undefined : `${value}\r\n`;
  };
  const differs = (at: string): readonly Difference[] => [
    { where: table.name, says: `CSV and JSON differ ${at}` },
  ];
  if ((await nextLine()) !== csvLine(table.columns)) return differs('in the head');
  let index = 0;
  for await (const row of rowsOf(folder, table.name)) {
    index += 1;
    if ((await nextLine()) !== csvRow(table.columns, row)) return differs(`in row ${index}`);
  }
  return (await nextLine()) === undefined ? [] : differs(`after row ${index}`);
}

async function verifyContent(
  folder: string,
  add: (differences: readonly Difference[]) => void,
): Promise<number> {
  let rows = 0;
  const each = async (name: string, work: (row: AuditRow) => void) => {
    for await (const row of rowsOf(folder, name)) {
      rows += 1;
      work(row);
    }
  };
  const collect = async (name: string) => {
    const all: AuditRow[] = [];
    await each(name, (row) => all.push(row));
    return all;
  };
  const { configs, differences } = configsOf(await collect('policy-versions'));
  add(differences);
  add(verifyCloses(await collect('closes'), configs));
  const sums = new Map<string, RunSums>();
  await each('allocations', (row) => addShare(sums, row));
  await each('runs', (row) => {
    add(verifyRun(row, { configs, sums: sums.get(textAt(row, 'day')) }));
    sums.delete(textAt(row, 'day'));
  });
  for (const day of sums.keys()) add([{ where: `allocations ${day}`, says: 'there is no run' }]);
  await each('adjustments', (row) => add(verifyAdjustment(row)));
  await each('vouchers', (row) => add(verifyVoucher(row)));
  const shares = new Map<string, { readonly plan: number; sum: number }>();
  await each('wind-down-shares', (row) => {
    const share = shares.get(textAt(row, 'plan_no')) ?? { plan: Number(row['plan_fen']), sum: 0 };
    share.sum += Number(row['value_fen']);
    shares.set(textAt(row, 'plan_no'), share);
  });
  for (const [plan, { plan: fen, sum }] of shares)
    if (fen !== sum)
      add([
        { where: `wind-down-shares ${plan}`, says: `they are ${sum} fen, the plan says ${fen}` },
      ]);
  let journal: Journal | undefined;
  const endJournal = () => add(journal === undefined ? [] : verifyJournal(journal));
  await each('ledger-entries', (row) => {
    if (journal?.head['txn_no'] !== row['txn_no']) {
      endJournal();
      journal = { head: row, legs: [] };
    }
    journal?.legs.push(row);
  });
  endJournal();
  const balances = new Map<string, number>();
  await each('balances', (row) => {
    const account = textAt(row, 'account');
    balances.set(account, (balances.get(account) ?? 0) + Number(row['balance_fen']));
  });
  add(verifyCash(balances));
  let before: AuditRow | undefined;
  await each('seals', (row) => {
    add(verifySeal(row, before));
    before = row;
  });
  return rows;
}

function addShare(sums: Map<string, RunSums>, row: AuditRow): void {
  const day = textAt(row, 'day');
  const sum = sums.get(day) ?? { fen: 0, points: 0, accounts: 0 };
  sum.fen += Number(row['alloc_fen']);
  sum.points += Number(row['points_used']);
  sum.accounts += 1;
  sums.set(day, sum);
}

function verifyAdjustment(row: AuditRow): readonly Difference[] {
  const where = `adjustments ${textAt(row, 'adjustment_no')}`;
  if (row['state'] !== 'posted') return [];
  const alone = row['proposed_by'] === row['ended_by'];
  return [
    ...sealDiffers(where, row, 'explanation'),
    ...(alone ? [{ where, says: 'one person made it alone' }] : []),
  ];
}

function verifyVoucher(row: AuditRow): readonly Difference[] {
  const parts = ['left_fen', 'held_fen', 'spent_fen', 'expired_fen', 'clawed_fen'] as const;
  const sum = parts.reduce((total, part) => total + Number(row[part]), 0);
  return sum === row['face_fen']
    ? []
    : [
        {
          where: `vouchers ${textAt(row, 'voucher_id')}`,
          says: 'its parts are not its face value',
        },
      ];
}

interface Journal {
  readonly head: AuditRow;
  readonly legs: AuditRow[];
}

/** A journal sums to zero, and its hash is that of its kind and legs (cloud/ledger/proofs.ts). */
function verifyJournal({ head, legs }: Journal): readonly Difference[] {
  const where = `ledger-entries ${textAt(head, 'txn_no')}`;
  const sum = legs.reduce((total, leg) => total + Number(leg['amount_fen']), 0);
  const lines = legs.map((leg) => `${textAt(leg, 'account')} ${textAt(leg, 'amount_fen')}`);
  const text = ['greentill/ledger/1', textAt(head, 'kind'), ...lines].join('\n');
  const hash = createHash('sha256').update(text).digest('hex');
  return [
    ...(sum === 0 ? [] : [{ where, says: `its legs sum to ${sum} fen` }]),
    ...(hash === head['content_hash']
      ? []
      : [{ where, says: 'its hash is not that of its kind and legs' }]),
  ];
}

/** Signs: what lies in an account is negative, what it is held for is positive (cloud/ledger/posting.ts). */
function verifyCash(balances: ReadonlyMap<string, number>): readonly Difference[] {
  const names = ['ring_fenced_cash', 'fund_free', 'voucher_outstanding', 'payout_in_flight'];
  const sum = names.reduce((total, name) => total + (balances.get(name) ?? 0), 0);
  return sum === 0 ? [] : [{ where: 'balances', says: `K is not F + VO + PI, by ${sum} fen` }];
}

function verifySeal(row: AuditRow, before: AuditRow | undefined): readonly Difference[] {
  const where = `seals ${textAt(row, 'run_no')}`;
  const isNext =
    before === undefined ||
    (row['prev_hash'] === before['hash'] && Number(row['run_no']) === Number(before['run_no']) + 1);
  const isSigned = verifyText({
    publicKey: textAt(row, 'key_id'),
    text: signedText(textAt(row, 'hash')),
    signature: Buffer.from(textAt(row, 'signature'), 'base64url'),
  });
  return [
    ...(isNext ? [] : [{ where, says: 'it does not follow the seal before it' }]),
    ...(isSigned ? [] : [{ where, says: 'its signature is not that of its key' }]),
  ];
}
