import { inspect } from 'node:util';
import { Query, types, type Connection } from 'pg';
import type { Answer, Statement } from '#cloud/platform/db.ts';
import { isLostPlan, lostPlanState, sqlStateOf } from '#cloud/platform/database-error.ts';

/** An answer, and what the server called the end of it. */
export interface TripAnswer extends Answer<never> {
  readonly said: string;
}

/** One statement of a trip, and who waits for it. */
export interface TripPart {
  /** The name under which a connection knows its plan. */
  readonly name: string;
  readonly statement: Statement;
  /** As the protocol takes them. */
  readonly values: readonly SentValue[];
  readonly resolve: (answer: TripAnswer) => void;
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

type Columns = readonly Column[];
/**
 * What a connection has planned, with the columns it answers; `unsure` when a failure left open
 * whether it has.
 */
const planned = new WeakMap<object, Map<string, Columns | 'unsure'>>();

const noRows: Columns = [];

/**
 * Several statements in one round trip, ended by one Sync: after one that failed the server passes
 * the others over. Each is planned and described once by a connection.
 * Source: PostgreSQL documentation, 54.2.3 Extended Query, 54.2.4 Pipelining.
 */
export class TripQuery extends Query {
  readonly #parts: readonly TripPart[];
  readonly #onEnd: () => void;
  #at = 0;
  #rows: Record<string, unknown>[] = [];
  #plans = new Map<string, Columns | 'unsure'>();
  /** Of statements that are planned in this very trip. */
  readonly #described = new Map<string, Columns>();

  constructor(parts: readonly TripPart[], onEnd: () => void) {
    // The text is never sent; `pg` wants one.
    super({ text: 'trip' }, [], () => {});
    this.#parts = parts;
    this.#onEnd = onEnd;
    this.submit = (connection) => this.#submit(connection);
  }

  #submit(connection: Connection): null {
    const wire = connection as unknown as Wire;
    const plans = planned.get(connection) ?? this.#plans;
    planned.set(connection, plans);
    this.#plans = plans;
    wire.stream.cork();
    try {
      const parsed = new Set<string>();
      for (const part of this.#parts) {
        const { name, statement, values } = part;
        const isNew = (plans.get(name) ?? 'unsure') === 'unsure' && !parsed.has(name);
        if (isNew) {
          if (plans.has(name)) wire.close({ type: 'S', name });
          plans.set(name, 'unsure');
          parsed.add(name);
          wire.parse({ text: statement.text, name });
        }
        wire.bind({ statement: name, values });
        if (isNew) wire.describe({ type: 'P', name: '' });
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
    this.#described.set(this.#parts[this.#at]!.name, columns);
  }

  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void {
    const columns = this.#columnsOf(this.#parts[this.#at]!.name);
    const row: Record<string, unknown> = {};
    for (const [index, column] of columns.entries()) {
      const text = message.fields[index] ?? null;
      row[column.name] = text === null ? null : column.parse(text);
    }
    this.#rows.push(row);
  }

  handleCommandComplete(message: { readonly text: string }): void {
    const { name, resolve } = this.#parts[this.#at]!;
    this.#plans.set(name, this.#columnsOf(name));
    const count = Number(message.text.split(' ').at(-1));
    const rowCount = Number.isNaN(count) ? null : count;
    const answer = { rows: this.#rows, rowCount, said: message.text };
    this.#rows = [];
    this.#at += 1;
    resolve(answer as unknown as TripAnswer);
  }

  handleError(error: unknown): void {
    // Something between us and the server, or a migration, made plans void: they are made again.
    if (sqlStateOf(error) === lostPlanState)
      for (const name of this.#plans.keys()) this.#plans.set(name, 'unsure');
    const failed = this.#parts[this.#at];
    if (isLostPlan(error) && failed !== undefined) this.#plans.set(failed.name, 'unsure');
    for (const part of this.#parts.slice(this.#at)) part.reject(error);
    this.#onEnd();
  }

  handleReadyForQuery(): void {
    this.#onEnd();
  }

  #columnsOf(name: string): Columns {
    const known = this.#described.get(name) ?? this.#plans.get(name) ?? 'unsure';
    return known === 'unsure' ? noRows : known;
  }
}

/** A value as the protocol takes it; an object must come as JSON text. */
export type SentValue = string | Buffer | null;

/** Throws for what is none of them: nothing is guessed. */
export function sentValue(value: unknown): SentValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length);
  if (Array.isArray(value)) return `{${value.map(elementOf).join(',')}}`;
  throw new TypeError(
    `a statement takes text, numbers, truth values, bytes and lists, not ${inspect(value)}`,
  );
}

/**
 * Of a list: text, numbers or nothing. Source: PostgreSQL documentation, 8.15.2 Array Value Input.
 */
function elementOf(value: unknown): string {
  if (value === null) return 'NULL';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  throw new TypeError(`a list takes text and numbers, not ${inspect(value)}`);
}
