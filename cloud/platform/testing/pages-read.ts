import type { Db, Line, Statement } from '#cloud/platform/db.ts';
import { plansBy } from '#cloud/platform/planned.ts';

/** Pages of our tables and indexes that this transaction has looked at so far, in memory or not. */
const pagesSoFar: Statement = {
  name: 'pages-so-far',
  text: `select coalesce(sum(pg_stat_get_xact_blocks_fetched(oid)), 0)::bigint as pages
    from pg_class where relnamespace = 'public'::regnamespace`,
};

/**
 * The same database, where every statement of a swift transaction tells how many pages it looked at. The statements run one
 * after the other as ever, only each in a trip of its own.
 */
export function watchPages(db: Db, tell: (statement: string, pages: number) => void): Db {
  const watched = (line: Line): Line => {
    const pages = async () =>
      (await line.ask<{ pages: number }>(pagesSoFar, [])).rows[0]?.pages ?? Number.NaN;
    let before: Promise<unknown> = Promise.resolve();
    const ask: Line['ask'] = (statement, values) => {
      const answer = before.then(async () => {
        const from = await pages();
        const answered = await line.ask<never>(statement, values);
        tell(statement.name, (await pages()) - from);
        return answered;
      });
      before = answer.catch(() => undefined);
      return answer;
    };
    return {
      ask,
      commit: async () => {
        await before;
        await line.commit();
      },
      get tx() {
        const { tx } = line;
        plansBy(tx, ask);
        return tx;
      },
    };
  };
  return {
    execute: db.execute.bind(db),
    transaction: db.transaction.bind(db),
    swift: (work) => db.swift((line) => work(watched(line))),
  };
}
