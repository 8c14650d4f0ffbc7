import { stat } from 'node:fs/promises';
import { nothingScheduled, type Timers } from '#drivers/core/timers.ts';

/** What stands behind a device path: another device, or the same one plugged in again, has another node. */
export type DeviceNode = string;

export const nodeMissing: DeviceNode = 'missing';
const nodeUnknown: DeviceNode = 'unknown';

/** `missing` when nothing is there. Windows has no nodes to look at: every port is `unknown`, which never changes. */
export async function identifyNode(path: string): Promise<DeviceNode> {
  if (process.platform === 'win32') return nodeUnknown;
  try {
    const node = await stat(path);
    return `${node.dev}:${node.ino}:${node.rdev}`;
  } catch (failure) {
    const code = (failure as NodeJS.ErrnoException).code;
    return code === 'ENOENT' || code === 'ENOTDIR' ? nodeMissing : nodeUnknown;
  }
}

/**
 * serialport misses an unplug while bytes arrive and then spins with `isOpen` true (bindings-cpp issue 162), and a
 * printer node that nobody reads from tells nothing at all, so the node itself is looked at this often.
 */
const nodeIntervalMs = 250;

/** Calls `onGone` once when the path no longer leads to `node`. Returns how to stop looking. */
export function watchNode(watch: {
  readonly path: string;
  readonly node: DeviceNode;
  readonly timers: Timers;
  readonly onGone: () => void;
}): () => void {
  let cancel = nothingScheduled;
  let stopped = false;
  const look = async (): Promise<void> => {
    const now = await identifyNode(watch.path);
    if (stopped) return;
    if (now === watch.node) later();
    else watch.onGone();
  };
  const later = (): void => {
    cancel = watch.timers.after(nodeIntervalMs, () => void look());
  };
  later();
  return () => {
    stopped = true;
    cancel();
  };
}
