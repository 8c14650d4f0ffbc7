import { assert } from '#shared/result/assert.ts';
import { CloudBusy } from '#cloud/platform/http/busy.ts';

/**
 * Turns many single questions into few statements. The first is asked at once; what comes while the
 * allowed number of statements is under way goes together with the next one. However many ask, no
 * more connections are used.
 *
 * Rejects with CloudBusy when more than `waitingMax` wait, and all of a statement with its failure.
 */
export function createGatherer<Item, Answer>(options: {
  readonly itemsMax: number;
  readonly statementsMax: number;
  readonly waitingMax: number;
  /** One answer per item, in the same order. */
  ask(items: readonly Item[]): Promise<readonly Answer[]>;
}): (item: Item) => Promise<Answer> {
  interface Asked {
    readonly item: Item;
    resolve(answer: Answer): void;
    reject(error: unknown): void;
  }
  const waiting: Asked[] = [];
  let underWay = 0;

  const askTogether = async (asked: readonly Asked[]): Promise<void> => {
    try {
      const answers = await options.ask(asked.map(({ item }) => item));
      assert(answers.length === asked.length, () => `${answers.length} answers`);
      for (const [index, answer] of answers.entries()) asked[index]?.resolve(answer);
    } catch (error) {
      for (const one of asked) one.reject(error);
    }
  };

  const start = async (): Promise<void> => {
    underWay += 1;
    while (waiting.length > 0) await askTogether(waiting.splice(0, options.itemsMax));
    underWay -= 1;
  };

  return (item) => {
    if (waiting.length >= options.waitingMax) {
      return Promise.reject(new CloudBusy(`${waiting.length} wait already`));
    }
    return new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (underWay < options.statementsMax) void start();
    });
  };
}
