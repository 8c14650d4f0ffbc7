import { AsyncLocalStorage } from 'node:async_hooks';
import type { MerchantId, OperatorId, TerminalId } from '#shared/ids/ids.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';

/**
 * Work that reads or writes rows of more than one tenant, with the reason why it must. This is the
 * whole list: whoever is not in it sees one operator at most.
 */
export const crossTenantWork = {
  'activation-by-code':
    'A terminal that is not known yet names only its code; the code says whose shop it is.',
  'claim-by-token': 'A customer holds only the token of a receipt; it says which operator sold.',
  'member-page-by-key': 'A member page names only the member; it says whose member he is.',
  'nonce-sweep': 'Old nonces of all terminals are forgotten by age.',
  'nonces-together': 'Requests of many terminals that come together spend their nonces together.',
  'offline-settlement': 'Debits that are due are taken in the order of their time, whoever waits.',
  outbox: 'Effects are done in the order of their time; a handler enters the tenant of its effect.',
  payments: 'Open attempts are asked about in the order of their time, whoever waits.',
  projection: 'The journals of many terminals are folded and booked by one statement each.',
  'terminal-by-signature': 'A signed request names only its terminal; it says whose it is.',
} as const;

export type CrossTenantWork = keyof typeof crossTenantWork;

/** For whom the database works: what row-level security lets through. */
export type Scope =
  /** Nobody is known yet: every table of a tenant refuses. */
  | { readonly type: 'nobody' }
  /** The rows of one operator, all merchants and terminals. */
  | { readonly type: 'operator'; readonly operatorId: OperatorId }
  /** What a terminal may reach: its own journal, its merchant's rows, the operator's members. */
  | {
      readonly type: 'terminal';
      readonly operatorId: OperatorId;
      readonly merchantId: MerchantId;
      readonly terminalId: TerminalId;
    }
  | { readonly type: 'across'; readonly work: CrossTenantWork };

export const nobody: Scope = { type: 'nobody' };

/** Owns no table; row-level security holds it to one tenant. */
export const appRole = 'greentill_app';
/** Owns no table; sees all tenants. Only {@link crossTenantWork} runs as this role. */
export const workerRole = 'greentill_worker';

const scopes = new AsyncLocalStorage<Scope>();

/** Everything that `work` asks of the database, also later and in parallel, runs for `scope`. */
export const runScoped = <T>(scope: Scope, work: () => T): T => scopes.run(scope, work);

/** The scope that was entered last; undefined where nobody entered one. */
export const currentScope = (): Scope | undefined => scopes.getStore();

/**
 * What the database is told before the first statement of a transaction: role, operator, merchant,
 * terminal.
 */
export type Opening = readonly [role: string, operator: string, merchant: string, terminal: string];

/** `*` stands for all of an operator; the empty word lets a policy raise an error. */
export function openingOf(scope: Scope): Opening {
  switch (scope.type) {
    case 'nobody':
      return [appRole, '', '', ''];
    case 'operator':
      return [appRole, scope.operatorId, '*', '*'];
    case 'terminal':
      return [appRole, scope.operatorId, scope.merchantId, scope.terminalId];
    case 'across':
      return [workerRole, '', '', ''];
    default:
      return exhaustive(scope);
  }
}
