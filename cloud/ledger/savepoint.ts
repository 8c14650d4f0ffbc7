import type { Tx } from '#cloud/platform/db.ts';
import type { Result } from '#shared/result/result.ts';

/** Runs `work` so that an error it returns undoes what it wrote, and nothing else of the transaction. */
export async function withSavepoint<T, E>(
  tx: Tx,
  work: (inner: Tx) => Promise<Result<T, E>>,
): Promise<Result<T, E>> {
  let refused: Result<T, E> | undefined;
  try {
    return await tx.transaction(async (inner) => {
      const result = await work(inner);
      if (!result.ok) {
        refused = result;
        throw new Error('roll back to the savepoint');
      }
      return result;
    });
  } catch (error) {
    if (refused !== undefined) return refused;
    throw error;
  }
}
