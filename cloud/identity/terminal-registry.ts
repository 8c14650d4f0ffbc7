import type { TerminalId } from '#shared/ids/ids.ts';
import type { Clock } from '#shared/time/clock.ts';
import { takeNonces, type NonceUse } from '#cloud/identity/nonces.ts';
import { findTerminals, type KnownTerminal } from '#cloud/identity/terminal-identity.ts';
import type { Db } from '#cloud/platform/db.ts';
import { createGatherer } from '#cloud/platform/gather.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';

/**
 * What the access check asks of the database, in few statements: terminals are remembered for a
 * moment, and requests that come together are looked up together and spend their nonces together.
 * Authentication uses at most {@link statementsMax} connections for each, however many tills come
 * back at once.
 */
export interface TerminalRegistry {
  /**
   * The terminal with its keys. `fresh` asks the database in any case. Otherwise it may be
   * {@link rememberedMsMax} old, which means for a revocation: the node that revokes forgets at
   * once, the other nodes as soon as they hear of it (platform/http/hint-relay.ts, milliseconds), and if
   * that word is lost, after that time. Until then a revoked till may still fetch what it may know,
   * and its entries are taken instead of parked. The same holds for the key before last when a till
   * changes its key twice. Where money moves (lane `counter`) the access check asks fresh.
   */
  find(
    terminalId: TerminalId,
    options: { readonly fresh: boolean },
  ): Promise<KnownTerminal | undefined>;
  /** Something about this terminal changed. */
  forget(terminalId: string): void;
  /** Remembers the nonce of a verified request. False when it was used before: a replay. */
  takeNonce(use: NonceUse): Promise<boolean>;
}

export const rememberedMsMax = 5_000;
const rememberedMax = 10_000;
const statementsMax = 2;
const itemsMax = 64;
/** More than the doors let in, and as many handshakes of the hint socket again. */
const waitingMax = 10_000;

interface Remembered {
  readonly terminal: KnownTerminal;
  readonly untilMs: number;
}

export function createTerminalRegistry({
  db,
  clock,
}: {
  readonly db: Db;
  readonly clock: Clock;
}): TerminalRegistry {
  /** The oldest first. Who is not known is not remembered: he may be activated in the next moment. */
  const remembered = new Map<string, Remembered>();
  /** Grows with every word of a change: what was read before it is used once and not remembered. */
  let changes = 0;

  const lookUp = createGatherer<TerminalId, KnownTerminal | undefined>({
    itemsMax,
    statementsMax,
    waitingMax,
    ask: async (ids) => {
      const known = await runScoped({ type: 'across', work: 'terminal-by-signature' }, () =>
        findTerminals(db, ids),
      );
      return ids.map((id) => known.get(id));
    },
  });
  const takeNonce = createGatherer<NonceUse, boolean>({
    itemsMax,
    statementsMax,
    waitingMax,
    ask: (uses) =>
      runScoped({ type: 'across', work: 'nonces-together' }, () => takeNonces(db, uses)),
  });

  const remember = (terminal: KnownTerminal): void => {
    remembered.delete(terminal.terminalId);
    const untilMs = clock.monotonicMs() + rememberedMsMax;
    remembered.set(terminal.terminalId, { terminal, untilMs });
    const [oldest] = remembered.keys();
    if (remembered.size > rememberedMax && oldest !== undefined) remembered.delete(oldest);
  };

  return {
    async find(terminalId, { fresh }) {
      const known = remembered.get(terminalId);
      if (!fresh && known !== undefined && clock.monotonicMs() < known.untilMs) {
        return known.terminal;
      }
      const changesBefore = changes;
      const terminal = await lookUp(terminalId);
      if (terminal === undefined) remembered.delete(terminalId);
      else if (changes === changesBefore) remember(terminal);
      return terminal;
    },
    forget(terminalId) {
      changes += 1;
      remembered.delete(terminalId);
    },
    takeNonce,
  };
}
