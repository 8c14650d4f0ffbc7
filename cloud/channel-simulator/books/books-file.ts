import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { BookRecord, BooksStore } from '#cloud/channel-simulator/books/order-shelf.ts';

/**
 * Books that outlive the simulator's process: one JSON line per change, the last one of an order counts. A line that
 * a kill cut off is left out. Payment codes are not in it, only their keyed hashes.
 */
export function openBooksFile(path: string): BooksStore {
  mkdirSync(dirname(path), { recursive: true });
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (text !== '' && !text.endsWith('\n')) appendFileSync(path, '\n');
  return {
    records: text.split('\n').flatMap(recordOf),
    append: (record) => appendFileSync(path, `${JSON.stringify(record)}\n`),
  };
}

function recordOf(line: string): readonly BookRecord[] {
  try {
    const value: unknown = JSON.parse(line);
    const isRecord = typeof value === 'object' && value !== null && 'type' in value;
    return isRecord ? [value as BookRecord] : [];
  } catch {
    return [];
  }
}
