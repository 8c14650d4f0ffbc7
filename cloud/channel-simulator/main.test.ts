import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, expect, it } from 'vitest';
import { createChaos, createProbes } from '#cloud/channel-simulator/chaos.ts';
import { publicKeyId, sandboxPartner } from '#cloud/channel-simulator/faces/wechat/keys.ts';
import { readWechatAccount } from '#cloud/payments/channels/wechat/config.ts';
import { createWechatChannel } from '#cloud/payments/channels/wechat/wechat-channel.ts';
import { createSystemClock } from '#cloud/platform/system-clock.ts';
import { createSystemRandom } from '#cloud/platform/system-random.ts';
import type { TerminalId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';

/** The simulator as a partner starts it: by one command, settings in the environment. */
const folder = mkdtempSync(join(tmpdir(), 'greentill-channel-sim-'));
let child: ChildProcess | undefined;
afterEach(async () => {
  if (child?.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function start(settings: Readonly<Record<string, string>>): Promise<string> {
  child = spawn(process.execPath, ['cloud/channel-simulator/main.ts'], {
    env: { ...process.env, CHANNEL_SIM_PORT: '0', CHANNEL_SIM_DATA: folder, ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout! })) {
    const [, origin] = /^channel simulator on (http:\S+)$/.exec(line) ?? [];
    if (origin !== undefined) return origin;
  }
  throw new Error('the simulator ended before it was ready');
}

const ownMerchant = '1900000777';
const wechatAt = (baseUrl: string, mode: 'partner' | 'direct', notifyUrl?: string) =>
  createWechatChannel({
    baseUrl,
    clock: createSystemClock(),
    random: createSystemRandom(),
    readTimeoutMs: 10_000,
    account: readWechatAccount({
      WECHAT_MODE: mode,
      WECHAT_MCHID: mode === 'partner' ? sandboxPartner : ownMerchant,
      WECHAT_APPID: 'wxsandbox',
      WECHAT_KEYS: join(folder, 'wechat'),
      WECHAT_PLATFORM_KEY_ID: publicKeyId,
      WECHAT_STORE_ID: '1',
      ...(notifyUrl === undefined ? {} : { WECHAT_NOTIFY_URL: notifyUrl }),
    }),
  });

it('serves a partner and a merchant of his own beside him, with the keys that it made', async () => {
  const origin = await start({ CHANNEL_SIM_WECHAT_MCHID: `${sandboxPartner},${ownMerchant}` });
  const charge = (mode: 'partner' | 'direct', channelMerchantNo: string, authCode: string) =>
    wechatAt(origin, mode).charge({
      channelMerchantNo,
      outTradeNo: `SANDBOX${authCode.slice(-4)}`,
      netFen: fen(100),
      wallet: 'wechat',
      authCode,
      terminalId: 'trm_1' as TerminalId,
    });
  const provided = await charge('partner', '1900000109', '130000000000000101');
  const own = await charge('direct', ownMerchant, '130000000000000201');
  expect([provided.outcome.type, own.outcome.type]).toEqual(['paid', 'paid']);
}, 60_000);

it('fails by the seed that it is given, as the plan of that seed says', async () => {
  const origin = await start({ CHANNEL_SIM_CHAOS: 'seven', CHANNEL_SIM_CHAOS_PERCENT: '50' });
  const chaos = createChaos({ seed: 'seven', share: 0.5 });
  const channel = wechatAt(origin, 'partner');
  const [said, planned]: string[][] = [[], []];
  for (let asked = 0; asked < 16; asked += 1) {
    said!.push((await channel.probe!()).outcome.type);
    planned!.push(chaos() === 'none' ? 'healthy' : 'unknown');
  }
  expect(said).toEqual(planned);
  expect(new Set(said)).toEqual(new Set(['healthy', 'unknown']));
}, 60_000);

it('probes who takes its notifies, by the same plan, and posts the true one until it is taken', async () => {
  const told: string[] = [];
  const receiver = createServer((request, response) => {
    void hear(request).then((accepted) => {
      const { status, body } = channel.notify!.answer(accepted);
      return response.writeHead(status).end(body);
    });
  });
  const hear = async (request: IncomingMessage): Promise<boolean> => {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const read = channel.notify!.read({ headers, body: await buffer(request) });
    told.push(read.ok ? read.value.type : read.error.code);
    return read.ok;
  };
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  const origin = await start({
    CHANNEL_SIM_CHAOS: 'seven',
    CHANNEL_SIM_CHAOS_PERCENT: '50',
    CHANNEL_SPEED_UP: '10000',
  });
  const channel = wechatAt(origin, 'partner', `http://127.0.0.1:${port}/notify/v1/wechat`);
  const plan = { seed: 'seven', share: 0.5 };
  const [faults, probes] = [createChaos(plan), createProbes(plan)];
  const planned: string[] = [];
  for (let echoes = 0; echoes < 4;) {
    const { outcome } = await channel.probe!();
    const fault = faults();
    if (fault === 'lose-request' || fault === 'too-many-requests') continue;
    echoes += 1;
    expect(outcome.type).toBe(fault === 'none' ? 'healthy' : 'unknown');
    while (probes()) planned.push('signature-probe');
    planned.push('echo');
    await expect.poll(() => told.length).toBe(planned.length);
  }
  receiver.close();
  expect(told).toEqual(planned);
  expect(new Set(told)).toEqual(new Set(['signature-probe', 'echo']));
}, 60_000);

it.each(['twenty', '101', '-1'])(
  'a share of %s percent is refused at the start',
  async (share) => {
    await expect(
      start({ CHANNEL_SIM_CHAOS: 'seven', CHANNEL_SIM_CHAOS_PERCENT: share }),
    ).rejects.toThrow('ended before it was ready');
  },
  60_000,
);
