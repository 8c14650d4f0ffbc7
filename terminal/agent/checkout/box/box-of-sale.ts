import type { BoxPos } from '#drivers/ecr/box-pos.ts';
import type { ReadHandle, WriteHandle } from '#terminal/agent/journal/handles.ts';
import { getMeta, setMeta } from '#terminal/agent/journal/meta.ts';

type Box = Pick<BoxPos, 'address' | 'protocol'>;

/**
 * Which box was given the latest sale. A till that is started again may find another box in its configuration, and that
 * one would deny in good faith that it ever heard of the sale: its word must not free the till to charge again.
 */
export const noteBoxOfSale = (tx: WriteHandle, merchantOrderNo: string, box: Box): void =>
  setMeta(tx, 'box-of-sale', JSON.stringify([merchantOrderNo, box.protocol, box.address]));

/** May this box be asked about the sale? A sale that no box was noted for is asked of the one that is here. */
export function isBoxOfSale(read: ReadHandle, merchantOrderNo: string, box: Box): boolean {
  const noted = getMeta(read, 'box-of-sale');
  if (noted === undefined || !noted.startsWith(`["${merchantOrderNo}",`)) return true;
  return noted === JSON.stringify([merchantOrderNo, box.protocol, box.address]);
}
