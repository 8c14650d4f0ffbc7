import { assert } from '#shared/result/assert.ts';
import type { TillBench } from '#terminal/agent/testing/till-bench.ts';

/** Sets a first PIN, as its owner would, who then looks at the row of the exceptions that says so. */
export async function setOwnerPin({ ask }: Pick<TillBench, 'ask'>, newPin: string): Promise<void> {
  const set = await ask('owner.setPin', { newPin });
  assert(!('refused' in set), () => `no PIN: ${JSON.stringify(set)}`);
  const list = await ask('exceptions.list', {});
  assert(!('refused' in list), () => `no list: ${JSON.stringify(list)}`);
  const row = list.rows.find(({ code }) => code === 'owner-pin-first-set');
  assert(row !== undefined, () => 'a first PIN that stands nowhere');
  const seen = await ask('exceptions.resolve', { key: row.key, action: 'seen', note: '' });
  assert(!('refused' in seen), () => `not seen: ${JSON.stringify(seen)}`);
}
