import type { Timers } from '#drivers/core/timers.ts';
import { catalogueVersion } from '#terminal/agent/goods/goods-store.ts';
import { pullCatalogue, type PullDeps } from '#terminal/agent/goods/pull-catalogue.ts';
import { createPoller, type Poller } from '#terminal/agent/uplink/poller.ts';

/** Each heartbeat says whether there is something to pull; between them nothing is asked. */
export const cataloguePauseMs = 30 * 60_000;

export interface CataloguePoller extends Poller {
  /** The cloud has this version of the shop's goods, 0: none: they are pulled if it is not what is here. */
  readonly seen: (version: number) => void;
}

/** Keeps the shop's goods as new as the heartbeats say that they are. */
export function createCataloguePoller(
  deps: PullDeps & { readonly timers: Timers },
): CataloguePoller {
  const { journal, session } = deps;
  let seenVersion = 0;
  const isOther = (): boolean => {
    const merchantId = session.config()?.merchantId;
    if (merchantId === undefined || seenVersion === 0) return false;
    return seenVersion !== catalogueVersion(journal.read, merchantId);
  };
  const poller = createPoller({
    timers: deps.timers,
    pauseMs: cataloguePauseMs,
    run: async () => {
      if (isOther()) await pullCatalogue(deps);
    },
  });
  return {
    ...poller,
    seen: (version) => {
      seenVersion = version;
      if (isOther()) poller.kick();
    },
  };
}
