import { startWebHost } from '#terminal/web/host.ts';
import { createScriptedTill, type ScriptedTill } from './scripted-till.ts';

/** The real loopback host with a scripted agent behind it: what the window sees is a real wire and the real policy. */
export interface ScriptedHost {
  readonly url: string;
  readonly till: ScriptedTill;
  close(): Promise<void>;
}

const token = '0123456789abcdef0123456789abcdef';

export async function startScriptedHost(options: {
  readonly rendererFolder: string;
  readonly nowMs: () => number;
  /** A host that took this port before: what is started on it now has a token of its own. */
  readonly port?: number;
  readonly token?: string;
}): Promise<ScriptedHost> {
  const till = createScriptedTill(options.nowMs);
  const host = await startWebHost({
    api: till.api,
    token: options.token ?? token,
    port: options.port ?? 0,
    rendererFolder: options.rendererFolder,
  });
  return { url: host.url, till, close: () => host.close() };
}
