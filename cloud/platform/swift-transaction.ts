import { PgDialect } from 'drizzle-orm/pg-core';
import { NodePgSession, NodePgTransaction } from 'drizzle-orm/node-postgres';
import type { PoolClient } from 'pg';
import type { Answer, Line, Statement, Tx } from '#cloud/platform/db.ts';
import { assert } from '#shared/result/assert.ts';

const dialect = new PgDialect();

/**
 * Runs a transaction on a connection in pipeline mode. `role` tells apart the plans of one statement: a plan holds the
 * row-level security of the role that it was made for.
 */
export async function runSwift<T>(
  client: PoolClient,
  opening: { readonly begin: string; readonly role: string },
  work: (line: Line) => Promise<T>,
): Promise<T> {
  const answers: Promise<unknown>[] = [];
  let isEnding = false;
  const sent = <A>(answer: Promise<A>): Promise<A> => {
    // Whoever asked hears of a failure; here it only matters that the answer has come.
    answers.push(answer.catch(() => undefined));
    return answer;
  };
  let tx: Tx | undefined;
  const line: Line = {
    ask: async <Row>({ name, text }: Statement, values: readonly unknown[]) =>
      (await sent(
        client.query({ name: `${name}@${opening.role}`, text, values: [...values] }),
      )) as unknown as Answer<Row>,
    async commit() {
      isEnding = true;
      const { command } = await sent(client.query('commit'));
      assert(command === 'COMMIT', () => 'a transaction whose statements failed was not committed');
    },
    get tx() {
      tx ??= new NodePgTransaction(
        dialect,
        new NodePgSession(client, dialect, undefined, {}),
        undefined,
      ) as unknown as Tx;
      return tx;
    },
  };
  void sent(client.query(opening.begin));
  try {
    return await work(line);
  } finally {
    if (!isEnding) void sent(client.query('rollback'));
    await Promise.all(answers);
  }
}
