import { createHash } from 'node:crypto';
import { disclosurePage } from '#cloud/disclosure/disclosure-page.ts';
import { readDisclosure } from '#cloud/disclosure/read-disclosure.ts';
import type { Disclosure } from '#cloud/disclosure/disclosure-schema.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'operatorId'>;

/** A text that is ready to be sent, with its strong entity tag. */
export interface Ready {
  readonly text: string;
  readonly etag: string;
}

export interface Snapshot {
  readonly disclosure: Disclosure;
  readonly json: Ready;
  readonly page: Ready & { readonly headers: Readonly<Record<string, string>> };
}

/** A snapshot is used for so long: however many ask, the database is read once in this time. */
export const snapshotMsMax = 600_000;

/**
 * The figures of one moment, rendered once for everybody. Who comes while they are read waits for
 * the same reading; when it fails, the next one who asks tries again.
 */
export function createDisclosureSnapshot(deps: Deps): () => Promise<Snapshot> {
  let taken: { readonly atMs: number; readonly snapshot: Promise<Snapshot> } | undefined;
  return () => {
    const atMs = deps.clock.monotonicMs();
    if (taken !== undefined && atMs - taken.atMs < snapshotMsMax) return taken.snapshot;
    const snapshot = takeSnapshot(deps);
    taken = { atMs, snapshot };
    snapshot.catch(() => {
      if (taken?.snapshot === snapshot) taken = undefined;
    });
    return snapshot;
  };
}

async function takeSnapshot({ db, clock, operatorId }: Deps): Promise<Snapshot> {
  const disclosure = await runScoped({ type: 'operator', operatorId }, () =>
    db.transaction((tx) => readDisclosure(tx, { operatorId, nowMs: clock.nowMs() }), {
      isolationLevel: 'repeatable read',
      accessMode: 'read only',
    }),
  );
  const page = disclosurePage(disclosure);
  return {
    disclosure,
    json: readyOf(JSON.stringify(disclosure)),
    page: { ...readyOf(page.html), headers: page.headers },
  };
}

const readyOf = (text: string): Ready => ({
  text,
  etag: `"${createHash('sha256').update(text).digest('base64url')}"`,
});
