import { inspect } from 'node:util';
import { Query, types, type Connection } from 'pg';
import type { Answer, Statement } from '#cloud/platform/db.ts';

/** One statement of a trip, and who waits for it. */
export interface TripPart {
  /** The name under which a connection knows its plan. */
  readonly name: string;
  readonly statement: Statement;
  /** As the protocol takes them. */
  readonly values: readonly SentValue[];
  readonly resolve: (answer: Answer<never>) => void;
  readonly reject: (error: unknown) => void;
}

/** What `pg` has on a connection and a query, and its type declarations leave out. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void };
  parse(message: { readonly text: string; readonly name: string }): void;
  bind(message: { readonly statement: string; readonly values: readonly SentValue[] }): void;
  describe(message: { readonly type: 'P'; readonly name: string }): void;
  execute(message: object): void;
  close(message: { readonly type: 'S'; readonly name: string }): void;
  sync(): void;
}

interface Column {
  readonly name: string;
  readonly parse: (text: string) => unknown;
}

/** What a connection has planned: true; false when a failure left that open. */
const planned = new WeakMap<object, Map<string, boolean>>();
/** The columns that a statement answers. They follow from its text, so it is asked once for all connections. */
const columnsOf = new Map<string, readonly Column[]>();

const noRows: readonly Column[] = [];

/**
 * Several statements in one round trip, ended by one Sync: after one that failed the server passes the others over. Each
 * is planned once by a connection and described once by the process.
 * Source: PostgreSQL documentation, 54.2.3 Extended Query, 54.2.4 Pipelining.
 */
export class TripQuery extends Query {
  readonly #parts: readonly TripPart[];
  readonly #onEnd: () => void;
  #at = 0;
  #rows: Record<string, unknown>[] = [];
  #plans: Map<string, boolean> | undefined;

  constructor(parts: readonly TripPart[], onEnd: () => void) {
    // The text is never sent; `pg` wants one.
    super({ text: 'trip' }, [], () => {});
    this.#parts = parts;
    this.#onEnd = onEnd;
    this.submit = (connection) => this.#submit(connection);
  }

  #submit(connection: Connection): null {
    const wire = connection as unknown as Wire;
    const plans = planned.get(connection) ?? new Map<string, boolean>();
    planned.set(connection, plans);
    this.#plans = plans;
    wire.stream.cork();
    try {
      const parsed = new Set<string>();
      for (const part of this.#parts) {
        const { name, statement, values } = part;
        if (plans.get(name) !== true && !parsed.has(name)) {
          if (plans.has(name)) wire.close({ type: 'S', name });
          plans.set(name, false);
          parsed.add(name);
          wire.parse({ text: statement.text, name });
        }
        wire.bind({ statement: name, values });
        if (!columnsOf.has(name)) wire.describe({ type: 'P', name: '' });
        wire.execute({});
      }
      wire.sync();
    } finally {
      wire.stream.uncork();
    }
    return null;
  }

  handleRowDescription(message: {
    readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  }): void {
    const columns = message.fields.map(({ name, dataTypeID }) => ({
      name,
      parse: types.getTypeParser(dataTypeID, 'text') as Column['parse'],
    }));
    columnsOf.set(this.#parts[this.#at]!.name, columns);
  }

  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void {
    const columns = columnsOf.get(this.#parts[this.#at]!.name) ?? noRows;
    const row: Record<string, unknown> = {};
    for (const [index, column] of columns.entries()) {
      const text = message.fields[index] ?? null;
      row[column.name] = text === null ? null : column.parse(text);
    }
    this.#rows.push(row);
  }

  handleCommandComplete(message: { readonly text: string }): void {
    const { name, resolve } = this.#parts[this.#at]!;
    if (!columnsOf.has(name)) columnsOf.set(name, noRows);
    this.#plans?.set(name, true);
    const count = Number(message.text.split(' ').at(-1));
    const answer = { rows: this.#rows, rowCount: Number.isNaN(count) ? null : count };
    this.#rows = [];
    this.#at += 1;
    resolve(answer as unknown as Answer<never>);
  }

  handleError(error: unknown): void {
    for (const part of this.#parts.slice(this.#at)) part.reject(error);
    this.#onEnd();
  }

  handleReadyForQuery(): void {
    this.#onEnd();
  }
}

/** A value as the protocol takes it; an object must come as JSON text, a list as text that the statement takes apart. */
export type SentValue = string | Buffer | null;

/** Throws for what is none of them: nothing is guessed. */
export function sentValue(value: unknown): SentValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length);
  throw new TypeError(
    `a statement takes text, numbers, truth values and bytes, not ${inspect(value)}`,
  );
}
