import { Query, type Connection, type QueryConfig, type QueryResult } from 'pg';
import type { Opening } from '#cloud/platform/tenancy/scope.ts';

/**
 * All four last until the transaction ends, and no longer: a pooled connection remembers nobody.
 */
export const openingText = `select set_config('role', $1, true), set_config('app.operator_id', $2, true),
  set_config('app.merchant_id', $3, true), set_config('app.terminal_id', $4, true)`;

/** What `pg` has on a connection and a query, and its type declarations leave out. */
interface ProtocolConnection {
  readonly stream: { cork(): void; uncork(): void };
  parse(message: { readonly text: string; readonly name: string }): void;
  bind(message: { readonly values: readonly string[] }): void;
  execute(message: object): void;
}

interface ProtocolQuery {
  submit(connection: Connection): Error | null;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: Connection): void;
}

const protocol = Query.prototype as unknown as ProtocolQuery;

/**
 * One statement that runs for a tenant, in one round trip: the messages that set the tenant and
 * those of the statement go out together and end with one Sync, which makes them one transaction.
 * Source: PostgreSQL documentation, 54.2.3 Extended Query.
 */
class ScopedQuery extends Query {
  readonly #opening: Opening;
  #isOpen = false;

  constructor(
    opening: Opening,
    config: QueryConfig,
    callback: (error: Error | undefined, result: unknown) => void,
  ) {
    super({ ...config, queryMode: 'extended' } as QueryConfig, config.values ?? [], callback);
    this.#opening = opening;
    this.submit = (connection) => this.#submit(connection);
  }

  #submit(connection: Connection): Error | null {
    const wire = connection as unknown as ProtocolConnection;
    wire.stream.cork();
    try {
      wire.parse({ text: openingText, name: '' });
      wire.bind({ values: this.#opening });
      wire.execute({});
      return protocol.submit.call(this, connection);
    } finally {
      wire.stream.uncork();
    }
  }

  /** The row of the opening is nobody's answer. */
  handleDataRow(message: unknown): void {
    if (this.#isOpen) protocol.handleDataRow.call(this, message);
  }

  handleCommandComplete(message: unknown, connection: Connection): void {
    if (this.#isOpen) protocol.handleCommandComplete.call(this, message, connection);
    this.#isOpen = true;
  }
}

/** Runs one statement for the tenant of `opening`, as a transaction of its own. */
export const queryScoped = (
  client: { query(query: ScopedQuery): unknown },
  opening: Opening,
  config: QueryConfig,
): Promise<QueryResult> =>
  new Promise((resolve, reject) => {
    client.query(
      new ScopedQuery(opening, config, (error, result) =>
        error ? reject(error) : resolve(result as QueryResult),
      ),
    );
  });
