import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { ReadHandle, WriteHandle } from '#terminal/agent/journal/handles.ts';
import { entryOfSeq } from '#terminal/agent/journal/entry-rows.ts';
import { getMeta, setMeta } from '#terminal/agent/journal/meta.ts';
import { isResolved } from '#terminal/agent/tally/resolved-rows.ts';

/**
 * What the cloud took but will not act on by itself: entries it parked, and epochs whose history it does not believe.
 * Both are shown to the owner as exceptions; neither holds up what comes after.
 */
const SetAsideSchema = Type.Array(
  Type.Object({
    /** Empty when it is about a whole epoch. */
    orderId: Type.String(),
    code: Type.String(),
    sinceMs: Type.Integer(),
  }),
);
export type SetAside = Static<typeof SetAsideSchema>[number];

const validator = Compile(SetAsideSchema);
/** The newest ones are kept; the cloud has them all. */
const setAsideMax = 100;

export const readSetAside = (read: ReadHandle): readonly SetAside[] =>
  parseSetAside(getMeta(read, 'set-aside'));

/** The list from its stored text; empty when it is missing or damaged: the cloud has it too. */
export function parseSetAside(text: string | undefined): readonly SetAside[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return validator.Check(value) ? value : [];
  } catch {
    return [];
  }
}

export function addSetAside(tx: WriteHandle, more: readonly SetAside[]): void {
  if (more.length === 0) return;
  // What a person has dealt with makes room, and the same thing may be told again when it happens again.
  const known = readSetAside(tx).filter((one) => !isResolved(tx, { kind: 'set-aside', ...one }));
  const fresh = more.filter(
    (one) => !known.some((old) => old.orderId === one.orderId && old.code === one.code),
  );
  setMeta(tx, 'set-aside', JSON.stringify([...known, ...fresh].slice(-setAsideMax)));
}

/** The order an entry is about; empty when it is about none. */
export function orderOfEntry(read: ReadHandle, place: { epoch: string; seq: number }): string {
  const body: unknown = JSON.parse(entryOfSeq(read, place)?.body ?? '{}');
  return typeof body === 'object' && body !== null && 'orderId' in body ? String(body.orderId) : '';
}
