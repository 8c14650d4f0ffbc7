import { assert } from '#shared/result/assert.ts';
import type { TillClient } from './till-client.ts';

/** Sets a first PIN as its owner would, who then looks at the row of the exceptions that says so. */
export async function setOwnerPin(
  { must }: Pick<TillClient, 'must'>,
  newPin: string,
): Promise<void> {
  await must('owner.setPin', { newPin });
  const { rows } = await must('exceptions.list', {});
  const row = rows.find(({ code }) => code === 'owner-pin-first-set');
  assert(row !== undefined, () => 'a first PIN that stands nowhere');
  await must('exceptions.resolve', { key: row.key, action: 'seen', note: '' });
}
