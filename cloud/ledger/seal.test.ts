import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { postJournals } from '#cloud/ledger/post.ts';
import { contentHash } from '#cloud/ledger/posting.ts';
import { ledgerLaws, proveLaws } from '#cloud/ledger/proofs.ts';
import {
  sealBooks,
  type SealAnchor,
  type SealDeps,
  type SealHead,
} from '#cloud/ledger/seal-books.ts';
import { proveSealHead, sealLaws } from '#cloud/ledger/seal-laws.ts';
import { generateKeyPair, signText, verifyText } from '#cloud/identity/ed25519.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';

const database = useTestDatabase();
const merchantId = 'mch_01J00000000000000000000001' as MerchantId;
const clock = createManualClock(1_770_000_000_000);
const key = generateKeyPair();
const signerOf = (pair: typeof key): SealDeps['signer'] => ({
  keyId: pair.publicKey,
  sign: (text) => signText(pair, text),
  verify: (text, signature) =>
    verifyText({
      publicKey: pair.publicKey,
      text,
      signature: Buffer.from(signature, 'base64url'),
    }),
});

let operatorCount = 0;
/** Books of an operator of its own, with an anchor in memory. */
function freshBooks(): SealDeps & { readonly remembered: () => SealHead | undefined } {
  operatorCount += 1;
  let head: SealHead | undefined;
  const anchor: SealAnchor = { read: () => head, write: (given) => void (head = given) };
  return {
    db: database.db,
    clock,
    operatorId:
      `opr_01J00000000000000000000${String(operatorCount).padStart(3, '0')}` as OperatorId,
    signer: signerOf(key),
    anchor,
    remembered: () => head,
  };
}

const journalsOf = ({ operatorId }: SealDeps, keys: readonly string[]) =>
  keys.flatMap((idemKey) =>
    [merchantId, null].map((book) => ({
      operatorId,
      merchantId: book,
      idemKey,
      kind: 'test',
      eventAtMs: 1_770_000_000_000,
      legs: [
        { account: 'margin' as const, amountFen: fen(70) },
        { account: 'operating_cash' as const, amountFen: fen(-70) },
      ],
    })),
  );
const post = async (books: SealDeps, ...keys: string[]) =>
  getOrThrow(await database.db.transaction((tx) => postJournals(tx, journalsOf(books, keys))));

/** Two runs of two books each, and a tail that is not sealed yet. */
async function sealedBooks() {
  const books = freshBooks();
  await post(books, 'a', 'b');
  expect(await sealBooks(books)).toEqual({ type: 'sealed', rowsCount: 4 });
  await post(books, 'c');
  expect(await sealBooks(books)).toEqual({ type: 'sealed', rowsCount: 2 });
  await post(books, 'tail');
  return books;
}

async function broken(books: SealDeps): Promise<readonly string[]> {
  const { operatorId } = books;
  const proofs = await proveLaws(database.db, { operatorId, laws: sealLaws });
  return [...proofs, await proveSealHead(database.db, books)]
    .filter(({ holds }) => !holds)
    .map(({ name }) => name);
}

/** The hand of somebody with all rights: triggers off, statements, triggers on. */
async function tamper(...statements: readonly string[]): Promise<void> {
  const tables = ['ledger_txn', 'ledger_entry', 'ledger_seal', 'ledger_seal_run'];
  await database.pool.query(
    [
      ...tables.map((name) => `alter table ${name} disable trigger all`),
      ...statements,
      ...tables.map((name) => `alter table ${name} enable always trigger ${name}_append_only`),
    ].join('; '),
  );
}

const sha = (...parts: (string | Buffer)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

describe('the chain of the books', () => {
  test('holds over what was posted, sealed and posted since', async () => {
    const books = await sealedBooks();
    expect(await broken(books)).toEqual([]);
    expect(await sealBooks(books)).toEqual({ type: 'sealed', rowsCount: 2 });
    expect(await sealBooks(books)).toEqual({ type: 'sealed', rowsCount: 0 });
    expect(await broken(books)).toEqual([]);
  });

  test('is the same when somebody else computes it, from the rows and the written format', async () => {
    const books = await sealedBooks();
    await post(books, 'two\nlines', '键:一', ' ', '\\x00');
    expect(await sealBooks(books)).toEqual({ type: 'sealed', rowsCount: 10 });
    const { operatorId } = books;
    const { rows: runs } = await database.pool.query(
      `select * from ledger_seal_run where operator_id = $1 order by run_no`,
      [operatorId],
    );
    const heads = new Map<string, string>();
    let before = '0'.repeat(64);
    for (const run of runs) {
      const { rows } = await database.pool.query(
        `select * from ledger_txn where operator_id = $1 and txn_no > $2 and txn_no <= $3 order by txn_no`,
        [operatorId, run.after_no, run.through_no],
      );
      const seals = ['', merchantId].map((book) => {
        const leaves = rows
          .filter((row) => row.book === book)
          .map((row) =>
            sha(
              [
                'greentill/ledger-row/1',
                row.txn_no,
                row.idem_key.length,
                row.idem_key,
                row.kind,
                row.event_at_ms,
                row.content_hash,
              ].join('\n'),
            ),
          );
        const hash = sha(
          [
            'greentill/ledger-seal/1',
            operatorId,
            book,
            run.run_no,
            leaves.length,
            sha(...leaves).toString('hex'),
            heads.get(book) ?? '0'.repeat(64),
          ].join('\n'),
        ).toString('hex');
        heads.set(book, hash);
        return `${book}\n${hash}`;
      });
      before = sha(
        [
          'greentill/ledger-seal-run/1',
          operatorId,
          run.run_no,
          run.after_no,
          run.through_no,
          2,
          rows.length,
          sha(seals.join('\0')).toString('hex'),
          before,
          run.sealed_at_ms,
        ].join('\n'),
      ).toString('hex');
      expect(run.hash).toBe(before);
    }
    expect(runs).toHaveLength(3);
  });

  test('leaves out what is still being written, and takes it when it is there', async () => {
    const books = freshBooks();
    const commit = Promise.withResolvers<void>();
    const writing = Promise.withResolvers<void>();
    const slow = database.db.transaction(async (tx) => {
      getOrThrow(await postJournals(tx, journalsOf(books, ['slow'])));
      writing.resolve();
      await commit.promise;
    });
    await writing.promise;
    // It has a higher number than the slow one, and is there first.
    await post(books, 'quick');
    const sealing = sealBooks(books);
    const first = await Promise.race([
      sealing.then(() => 'sealed'),
      new Promise<string>((resolve) => setTimeout(() => resolve('waits'), 300)),
    ]);
    expect(first).toBe('waits');
    commit.resolve();
    await slow;
    expect(await sealing).toEqual({ type: 'sealed', rowsCount: 4 });
    expect(await broken(books)).toEqual([]);
  });

  test('two nodes that seal at once make one chain', async () => {
    const books = freshBooks();
    await post(books, 'a', 'b', 'c');
    const both = await Promise.all([sealBooks(books), sealBooks(books)]);
    expect(new Set(both)).toEqual(
      new Set([
        { type: 'sealed', rowsCount: 0 },
        { type: 'sealed', rowsCount: 6 },
      ]),
    );
    expect(await broken(books)).toEqual([]);
  });
});

/** Everything an intruder with the rights of the owner may try at a sealed row; `op` is the operator. */
const plots: readonly (readonly [
  what: string,
  law: string,
  statements: (op: string) => readonly string[],
])[] = [
  [
    'a date is changed',
    'journals-match-their-seals',
    (op) => [
      `update ledger_txn set event_at_ms = event_at_ms + 1 where operator_id = '${op}' and idem_key = 'a' and book = ''`,
    ],
  ],
  [
    'an amount is changed in both legs, and the content hash made to fit',
    'journals-match-their-seals',
    (op) => [
      `update ledger_entry set amount_fen = amount_fen * 2 where operator_id = '${op}' and txn_no =
       (select min(txn_no) from ledger_txn where operator_id = '${op}')`,
      `update ledger_txn set content_hash = '${contentHash({
        kind: 'test',
        legs: [
          { account: 'margin', amountFen: fen(140) },
          { account: 'operating_cash', amountFen: fen(-140) },
        ],
      })}'
      where operator_id = '${op}' and txn_no = (select min(txn_no) from ledger_txn where operator_id = '${op}')`,
    ],
  ],
  [
    'a journal is removed',
    'journals-match-their-seals',
    (op) => [
      `delete from ledger_txn where operator_id = '${op}' and idem_key = 'c' and book <> ''`,
    ],
  ],
  [
    'a whole book is removed',
    'journals-match-their-seals',
    (op) => [`delete from ledger_txn where operator_id = '${op}' and book <> ''`],
  ],
  [
    'a book is removed with its seals',
    'seals-chain',
    (op) => [
      `delete from ledger_txn where operator_id = '${op}' and book <> ''`,
      `delete from ledger_seal where operator_id = '${op}' and book <> ''`,
    ],
  ],
  [
    'a journal is put into a sealed range, in a book of its own',
    'journals-match-their-seals',
    (op) => [
      `insert into ledger_txn overriding system value select operator_id, 'mch_9', 'new', after_no + 1, 'test', 0, repeat('0', 64)
       from ledger_seal_run where operator_id = '${op}' and run_no = 2`,
    ],
  ],
  [
    'a journal is put before all others',
    'journals-match-their-seals',
    (op) => [
      `insert into ledger_txn overriding system value values ('${op}', '', 'new', -5, 'test', 0, repeat('0', 64))`,
    ],
  ],
  [
    'two journals change their keys',
    'journals-match-their-seals',
    (op) =>
      [
        ['a', 'x'],
        ['b', 'a'],
        ['x', 'b'],
      ].map(
        ([from, to]) =>
          `update ledger_txn set idem_key = '${to}' where operator_id = '${op}' and book = '' and idem_key = '${from}'`,
      ),
  ],
  [
    'a seal is made to fit a changed row',
    'seals-chain',
    (op) => [
      `update ledger_seal set hash = repeat('a', 64) where operator_id = '${op}' and run_no = 2 and book = ''`,
    ],
  ],
  [
    'a run is taken out of the middle',
    'seals-chain',
    (op) => [`delete from ledger_seal_run where operator_id = '${op}' and run_no = 1`],
  ],
  [
    'the time of a seal is changed',
    'seals-chain',
    (op) => [
      `update ledger_seal_run set sealed_at_ms = sealed_at_ms + 1 where operator_id = '${op}' and run_no = 2`,
    ],
  ],
  [
    'the end of the chain is cut off with its rows',
    'seals-are-ours',
    (op) => [
      `delete from ledger_txn where operator_id = '${op}' and idem_key in ('c', 'tail')`,
      `delete from ledger_seal where operator_id = '${op}' and run_no = 2`,
      `delete from ledger_seal_run where operator_id = '${op}' and run_no = 2`,
    ],
  ],
  [
    'all seals are removed',
    'seals-are-ours',
    (op) => [
      `delete from ledger_seal where operator_id = '${op}'`,
      `delete from ledger_seal_run where operator_id = '${op}'`,
    ],
  ],
  [
    'the signature is another one',
    'seals-are-ours',
    (op) => [
      `update ledger_seal_run set signature = repeat('A', 86) where operator_id = '${op}' and run_no = 2`,
    ],
  ],
];

describe('somebody with all rights in the database', () => {
  test.each(plots)('%s: %s', async (_what, law, statements) => {
    const books = await sealedBooks();
    await tamper(...statements(books.operatorId));
    expect(await broken(books)).toContain(law);
  });

  test.each(['the end of the chain is cut off with its rows', 'all seals are removed'])(
    '%s: and sealing again does not heal it, the proof finds it the next night as well',
    async (plot) => {
      const books = await sealedBooks();
      const before = books.remembered();
      await tamper(...plots.find(([what]) => what === plot)![2](books.operatorId));
      await post(books, 'more', 'and more');
      for (const _ of [1, 2]) expect(await sealBooks(books)).toEqual({ type: 'torn' });
      expect(books.remembered()).toEqual(before);
      expect(await broken(books)).toContain('seals-are-ours');
      // People looked and moved the anchor away: the chain goes on from where it stands.
      const anew = { ...books, anchor: { read: () => undefined, write: () => {} } };
      expect(await sealBooks(anew)).toMatchObject({ type: 'sealed' });
    },
  );

  test('who computes the whole chain anew cannot sign it, and the cloud remembers another', async () => {
    const books = await sealedBooks();
    const before = books.remembered();
    const { operatorId } = books;
    await tamper(
      `update ledger_txn set event_at_ms = 1 where operator_id = '${operatorId}' and idem_key = 'a'`,
      `delete from ledger_seal where operator_id = '${operatorId}'`,
      `delete from ledger_seal_run where operator_id = '${operatorId}'`,
    );
    const forger = {
      ...books,
      signer: signerOf(generateKeyPair()),
      anchor: { read: () => undefined, write: () => {} },
    };
    expect(await sealBooks(forger)).toMatchObject({ type: 'sealed' });
    expect(await broken(forger)).toEqual([]);
    expect(books.remembered()).toEqual(before);
    const proof = await proveSealHead(database.db, books);
    expect(proof.violations).toHaveLength(2);
    expect(await broken(books)).toEqual(['seals-are-ours']);
  });

  test('an amount alone is found by the content hash that the seal covers', async () => {
    const books = await sealedBooks();
    const { operatorId } = books;
    await tamper(
      `update ledger_entry set amount_fen = amount_fen * 2 where operator_id = '${operatorId}'`,
    );
    const proofs = await proveLaws(database.db, { operatorId, laws: ledgerLaws });
    expect(proofs.find(({ name }) => name === 'content-is-unchanged')?.holds).toBe(false);
  });
});
