import { filled, type Answer, type Db, type Statement } from '#cloud/platform/db.ts';

/**
 * {@link Db.swift} over a connection that is not `pg`'s own, question by question in the order in
 * which they were asked: for simulations, where each may be the last one of its process.
 */
export const plainSwift =
  (db: Pick<Db, 'transaction'>): Db['swift'] =>
  async (work) => {
    let kept: { readonly value: Awaited<ReturnType<typeof work>> } | undefined;
    let isCommitted = false;
    const undo = new Error('the work did not commit');
    try {
      await db.transaction(async (tx) => {
        let before: Promise<unknown> = Promise.resolve();
        const ask = <Row>(statement: Statement, values: readonly unknown[]) => {
          const answer = before.then(
            async () => (await tx.execute(filled(statement, values))) as unknown as Answer<Row>,
          );
          before = answer;
          return answer;
        };
        const commit = async (): Promise<void> => {
          await before;
          isCommitted = true;
        };
        kept = { value: await work({ ask, commit, tx }) };
        if (!isCommitted) throw undo;
      });
    } catch (cause) {
      if (cause !== undo) throw cause;
    }
    return kept!.value;
  };
