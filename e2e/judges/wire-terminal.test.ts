import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  testOperatorToken,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { activateTestTerminal, admin } from '#cloud/platform/testing/test-terminal.ts';
import { askPython as ask, cryptos, wireTimeoutMs as timeoutMs } from './wire-client.ts';

/** A terminal in another language, written from docs/wire.md alone, against the real cloud and its database. */
const page = join(import.meta.dirname, '../../docs/wire.md');

describe.each(cryptos)('a terminal in Python with $crypto', ({ crypto, isThere }) => {
  let cloud: TestCloud;
  let app: CloudApp;
  let origin: string;

  beforeAll(async () => {
    if (!isThere) return;
    cloud = await createTestCloud();
    app = await buildTestApp(cloud);
    origin = await app.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(async () => {
    if (!isThere) return;
    await app.close();
    await cloud.close();
  });

  async function newCode(): Promise<string> {
    const operatorToken = testOperatorToken;
    const { merchantId, storeId } = await activateTestTerminal({ origin, operatorToken });
    const path = `/admin/v1/merchants/${merchantId}/stores/${storeId}/activation-codes`;
    return String((await admin({ origin, operatorToken }, path, undefined)).body['code']);
  }

  it.skipIf(!isThere)('recomputes every worked example of the page', async () => {
    expect(await ask(crypto, 'vectors', page)).toMatchObject({ vectors: 9 });
  });

  it.skipIf(!isThere)(
    'activates, checks the signed settings, uploads, heartbeats and changes its key',
    async () => {
      const said = await ask(crypto, 'run', origin, await newCode());
      expect(said).toMatchObject({
        verdicts: ['duplicate', 'parked'],
        broken: 'journal-chain-broken',
        stranger: 'signature-invalid',
        crypto: crypto === 'openssl' ? 'OpensslKey' : 'CryptographyKey',
      });
      const { rows } = await cloud.deps.db.execute(sql`
        select h.head_seq, h.head_hash, b.head_hash as claimed, b.tail_lost,
               t.public_key <> t.previous_public_key as changed
          from terminal t
          join journal_head h on h.terminal_id = t.terminal_id and h.epoch = ${said['epoch']}
          join terminal_heartbeat b on b.terminal_id = t.terminal_id
         where t.terminal_id = ${said['terminalId']}`);
      const headHash = said['headHash'];
      expect(rows).toEqual([
        { head_seq: 3, head_hash: headHash, claimed: headHash, tail_lost: false, changed: true },
      ]);
    },
    timeoutMs,
  );

  it.skipIf(!isThere)(
    'planted violation: a page with one changed digit does not pass',
    async () => {
      const { mkdtemp, readFile, rm, writeFile } = await import('node:fs/promises');
      const { tmpdir } = await import('node:os');
      const folder = await mkdtemp(join(tmpdir(), 'greentill-wire-'));
      const text = await readFile(page, 'utf8');
      await writeFile(
        join(folder, 'wire.md'),
        text.replace('"newSeedHex": "4c', '"newSeedHex": "4d'),
      );
      await expect(ask(crypto, 'vectors', join(folder, 'wire.md'))).rejects.toThrow(
        'AssertionError',
      );
      await rm(folder, { recursive: true });
    },
  );
});
