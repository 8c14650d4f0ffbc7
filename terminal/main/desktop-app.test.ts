import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { activateFolder } from '#terminal/agent/testing/activated-folder.ts';
import { registerTerminalApiContract } from '#terminal/ipc/register-terminal-api-contract.ts';
import { openStore, type Store } from '#terminal/agent/journal/open-store.ts';
import type { TerminalApi, TerminalEvent } from '#terminal/ipc/terminal-api.ts';
import { isOurWindow, runDesktop } from '#terminal/main/desktop-app.ts';
import type { OsSecrets } from '#terminal/main/shell-port.ts';
import { systemClock } from '#terminal/main/system-clock.ts';
import {
  createScriptedShell,
  scriptSecrets,
  type ScriptedShell,
} from '#terminal/main/testing/scripted-shell.ts';

const indexFile = '/opt/greentill/renderer/index.html';
const ourPage = pathToFileURL(indexFile).href;
const agentEntry = path.resolve(import.meta.dirname, '../agent/utility-process.ts');
const folders: string[] = [];
const shells: ScriptedShell[] = [];

async function openDesktop(
  options: { readonly firstInstance?: boolean; readonly secrets?: OsSecrets } = {},
) {
  const folder = await mkdtemp(path.join(tmpdir(), 'greentill-desktop-'));
  folders.push(folder);
  const config = path.join(folder, 'till.json');
  const dataDir = path.join(folder, 'data');
  await activateFolder(dataDir);
  const cloudUrl = 'http://127.0.0.1:9'; // nobody listens there: the till must work all the same
  await writeFile(config, JSON.stringify({ dataDir, cloudUrl, cashier: '王姐', devices: [] }));
  const shell = createScriptedShell({ ...options, userFolder: path.join(folder, 'user') });
  shells.push(shell);
  const reports: string[] = [];
  const started = await runDesktop(
    {
      shell,
      clock: systemClock,
      delay: (ms, run) => void setTimeout(run, ms),
      report: (message) => reports.push(message),
    },
    {
      indexFile,
      preloadFile: '/opt/greentill/preload.cjs',
      agentEntry,
      agentArgs: ['--config', config],
      kiosk: true,
    },
  );
  return { shell, started, reports, dataDir };
}

afterEach(async () => {
  for (const shell of shells.splice(0)) shell.closeAllWindows();
  for (const folder of folders.splice(0))
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

interface Sealed {
  readonly sealedBy: string;
}

/** What the preload's bridge does, over the scripted shell. */
function bridgeOf(shell: ScriptedShell): TerminalApi {
  const call = (method: string, input: object): Promise<unknown> =>
    shell.callFrom({ frameUrl: `${ourPage}#/till` }, { method, input });
  return {
    call: call as TerminalApi['call'],
    subscribe(listener) {
      const window = shell.windows[0]!;
      let next = window.received.length;
      const timer = setInterval(() => {
        for (; next < window.received.length; next += 1)
          listener(window.received[next] as TerminalEvent);
      }, 5);
      return () => clearInterval(timer);
    },
  };
}

/** A process ends and another begins meanwhile: on a busy machine that takes its time. */
const triesMax = 4_000;

/** The store of a folder, as soon as its last holder is gone. */
async function holdFolder(dataDir: string): Promise<Store> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const opened = openStore(dataDir);
    if (opened.ok) return opened.value;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error('the folder did not become free');
}

const settled = async (api: TerminalApi): Promise<void> => {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const answer = await api.call('status.get', {});
    if (answer.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the agent did not come up');
};

registerTerminalApiContract('Electron (scripted shell, real agent process)', async () => {
  const { shell } = await openDesktop();
  shells.splice(0); // the suite closes it
  const folder = folders.splice(0);
  const api = bridgeOf(shell);
  await settled(api);
  return {
    api,
    async close() {
      shell.closeAllWindows();
      for (const one of folder) await rm(one, { recursive: true, force: true, maxRetries: 5 });
    },
  };
});

describe('desktop app', { timeout: 60_000 }, () => {
  it('lets only the main frame of its own page call', async () => {
    const own = { windowId: 1, indexUrl: ourPage };
    const sender = { windowId: 1, frameUrl: `${ourPage}#/today`, isMainFrame: true };
    expect(isOurWindow(sender, own)).toBe(true);
    expect(isOurWindow({ ...sender, isMainFrame: false }, own)).toBe(false);
    expect(isOurWindow({ ...sender, windowId: 2 }, own)).toBe(false);
    expect(isOurWindow({ ...sender, frameUrl: 'https://evil.example/index.html' }, own)).toBe(
      false,
    );
    expect(isOurWindow({ ...sender, frameUrl: `${ourPage}.evil` }, own)).toBe(false);
    const { shell } = await openDesktop();
    const answer = await shell.callFrom(
      { frameUrl: 'https://evil.example/' },
      { method: 'till.state', input: {} },
    );
    expect(answer).toMatchObject({ ok: false, error: { code: 'host-access-refused' } });
  });

  it('quits a second instance and brings the first to the front', async () => {
    const { shell, started } = await openDesktop({ firstInstance: false });
    expect(started).toBe(false);
    expect(shell.quits).toBe(1);
    const first = await openDesktop();
    first.shell.secondInstance();
    expect(first.shell.windows[0]!.log).toEqual(['focus']);
  });

  it("has the till's private key sealed by the store of the system, also after the agent was killed", async () => {
    const { shell, dataDir } = await openDesktop({ secrets: scriptSecrets('user') });
    const api = bridgeOf(shell);
    await settled(api);
    const sealedBy = async (): Promise<unknown> =>
      (JSON.parse(await readFile(path.join(dataDir, 'device-keys.json'), 'utf8')) as Sealed)
        .sealedBy;
    expect(await sealedBy()).toBe('os-store');
    shell.agents[0]!.kill();
    await expect.poll(() => shell.agents.length, { timeout: 10_000 }).toBe(2);
    await settled(api);
    expect(await api.call('status.get', {})).toMatchObject({ ok: true, value: { problem: null } });
  });

  it('starts a killed agent again with its journal intact, and answers meanwhile that it is restarting', async () => {
    const { shell } = await openDesktop();
    const api = bridgeOf(shell);
    await settled(api);
    await api.call('till.setAmount', { amountFen: 500 });
    await api.call('till.payCash', { tenderedFen: 500 });
    shell.agents[0]!.kill();
    let meanwhile = await api.call('till.state', {});
    for (let tries = 0; meanwhile.ok && tries < triesMax; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      meanwhile = await api.call('till.state', {});
    }
    expect(meanwhile).toMatchObject({ ok: false, error: { code: 'agent-restarting' } });
    await settled(api);
    const today = await api.call('today.get', {});
    expect(today.ok && today.value.cashFen).toBe(500);
    expect(shell.agents).toHaveLength(2);
  });

  it('says why the agent cannot run, instead of restarting for ever without a word', async () => {
    const { shell, dataDir } = await openDesktop();
    const api = bridgeOf(shell);
    await settled(api);
    // Another till takes the folder while this one is down.
    shell.agents[0]!.kill();
    const other = await holdFolder(dataDir);
    let answer = await api.call('till.state', {});
    for (
      let tries = 0;
      tries < triesMax && (answer.ok || answer.error.detail === undefined);
      tries += 1
    ) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      answer = await api.call('till.state', {});
    }
    expect(answer).toMatchObject({
      ok: false,
      error: { code: 'agent-restarting', detail: 'store-locked' },
    });
    other.close();
    await settled(api);
  });

  it('loads the page again when the renderer dies, in kiosk as asked', async () => {
    const { shell } = await openDesktop();
    shell.windows[0]!.loseRenderer();
    expect(shell.windows[0]!.log).toEqual(['reload']);
    expect(shell.windows[0]!.options.kiosk).toBe(true);
  });
});
