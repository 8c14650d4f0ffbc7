import { join } from 'node:path';
import { signText, verifyText } from '#cloud/identity/ed25519.ts';
import { createFileAnchor } from '#cloud/ledger/seal-anchor.ts';
import { standingReasons } from '#cloud/ledger/release-hold.ts';
import {
  sealBooks,
  type SealDeps,
  type Sealed,
  type SealSigner,
} from '#cloud/ledger/seal-books.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { startWorkerLoop, type WorkerLoop } from '#cloud/platform/worker-loop.ts';

type Deps = Pick<
  CloudDeps,
  'db' | 'clock' | 'operatorId' | 'logger' | 'keys' | 'config' | 'metrics'
>;

/** How long a journal may stand without a seal, as a rule: what is younger is the tail that no seal protects. */
const sealEveryMs = 60_000;

/** The sealer of this cloud: its seal key, and an anchor beside the keys. */
export function sealDepsOf(deps: Omit<Deps, 'logger' | 'metrics'>): SealDeps {
  const { db, clock, operatorId, keys, config } = deps;
  const { publicKey } = keys.seal;
  const signer: SealSigner = {
    keyId: publicKey,
    sign: (text) => signText(keys.seal, text),
    verify: (text, signature) =>
      verifyText({ publicKey, text, signature: Buffer.from(signature, 'base64url') }),
  };
  const anchor = createFileAnchor(join(config.dataFolder, 'keys', 'ledger-anchor.json'));
  return { db, clock, operatorId, signer, anchor };
}

/**
 * Seals what was posted since, and says each new head in the log: where logs are kept elsewhere,
 * that is one more anchor.
 */
export async function sealAndTell(deps: Deps): Promise<Sealed['type']> {
  const seals = sealDepsOf(deps);
  const sealed = await sealBooks(seals);
  deps.metrics.booksUnsealed.set(sealed.type === 'sealed' ? 0 : 1);
  if (sealed.type === 'behind') deps.logger.warn({}, 'the books could not be sealed to their end');
  else if (sealed.type === 'torn')
    deps.logger.error({ ...seals.anchor.read() }, 'the chain of seals is not the one remembered');
  else if (sealed.rowsCount > 0)
    deps.logger.info({ ...seals.anchor.read(), journals: sealed.rowsCount }, 'books sealed');
  return sealed.type;
}

/** What watches the cloud from outside learns from its metrics that releases stand still. */
export async function showHolds({
  db,
  operatorId,
  metrics,
}: Pick<Deps, 'db' | 'operatorId' | 'metrics'>): Promise<void> {
  metrics.releaseHolds.set((await standingReasons(db, operatorId)).length);
}

export const startSealWorker = (deps: Deps): WorkerLoop =>
  startWorkerLoop({
    name: 'book-seals',
    idleMs: sealEveryMs,
    logger: deps.logger,
    scope: { type: 'operator', operatorId: deps.operatorId },
    step: async () => {
      await sealAndTell(deps);
      await showHolds(deps);
      return 0;
    },
  });
