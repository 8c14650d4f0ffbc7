import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { SignedCataloguePageSchema } from '#shared/wire/v1/goods.ts';
import { applyPage, catalogueVersion } from '#terminal/agent/goods/goods-store.ts';
import { openPage } from '#terminal/agent/goods/open-page.ts';
import type { Session } from '#terminal/agent/identity/session.ts';
import { appendErrorCode, type Journal } from '#terminal/agent/journal/journal.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';

/** Pages of one pull: the largest catalogue has 40. What is left comes with the next heartbeat. */
export const pullPagesMax = 64;

export interface PullDeps {
  readonly journal: Journal;
  readonly cloud: Pick<CloudClient, 'call' | 'cloudNowMs'>;
  readonly session: Pick<Session, 'identity' | 'config'>;
  /** A page was refused; undefined when one was taken. */
  readonly onTrouble: (code: ErrorCode | undefined) => void;
}

/**
 * Brings the catalogue up to the cloud's version, page by page. Each page is verified, then stored in one transaction
 * that also moves where the next one begins: after a cut the pull goes on there. Ends at the first page that does not
 * come, or does not fit; the next heartbeat begins it again. The till sells from what it has meanwhile. Where the cloud
 * has gone back behind what is here, all of it is pulled anew.
 */
export async function pullCatalogue(deps: PullDeps): Promise<void> {
  const { journal, session, cloud } = deps;
  let isAnew = false;
  for (let pages = 0; pages < pullPagesMax; pages += 1) {
    const [who, config] = [session.identity(), session.config()];
    if (!who || !config) return;
    const { merchantId } = config;
    const after: number = isAnew ? 0 : catalogueVersion(journal.read, merchantId);
    const answer = await cloud.call({
      method: 'GET',
      path: `/v1/catalogue?after=${after}`,
      answer: SignedCataloguePageSchema,
    });
    if (!answer.ok) return;
    const wanted = { pinned: who, nowMs: cloud.cloudNowMs(), merchantId, after };
    const opened = openPage(answer.value, wanted);
    if (!opened.ok) return deps.onTrouble(opened.error);
    const { goods, through, version } = opened.value;
    // The cloud's database is an older copy of itself: versions that are here will mean other rows.
    const isBefore = version < after;
    if (!isBefore && (goods.length > 0 || isAnew)) {
      const kept = journal.append([], (tx) => applyPage(tx, opened.value));
      if (!kept.ok) return deps.onTrouble(appendErrorCode(kept.error));
    }
    deps.onTrouble(undefined);
    isAnew = isBefore;
    if (!isAnew && (through >= version || goods.length === 0)) return;
  }
}
