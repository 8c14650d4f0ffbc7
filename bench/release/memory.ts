import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const sampleEveryMs = 2_000;

export interface MemoryWatch {
  /** Most that the database's processes and this one held at once, in MB; shared pages count once. */
  readonly peakMb: { readonly database: number; readonly own: number };
  stop(): void;
}

/** Watches the processes of the server whose folder this is, by /proc (Linux). */
export function watchMemory(serverFolder: string): MemoryWatch {
  const peakMb = { database: 0, own: 0 };
  const sample = () => {
    peakMb.database = Math.max(peakMb.database, serverMb(serverFolder));
    peakMb.own = Math.max(peakMb.own, Math.round(process.memoryUsage().rss / 2 ** 20));
  };
  const timer = setInterval(sample, sampleEveryMs);
  return { peakMb, stop: () => clearInterval(timer) };
}

function serverMb(folder: string): number {
  const [postmaster] = readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n');
  let kb = 0;
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      if (pid !== postmaster && !status.includes(`\nPPid:\t${postmaster}\n`)) continue;
      // Proportional: a page that n processes share counts 1/n in each.
      kb += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);
    } catch {
      // It ended while we looked.
    }
  }
  return Math.round(kb / 1_024);
}
