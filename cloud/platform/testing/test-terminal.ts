import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { MerchantId, TerminalId } from '#shared/ids/ids.ts';
import { entryHash } from '#shared/wire/v1/chain.ts';
import { genesisHash, type Batch, type WireEntry } from '#shared/wire/v1/journal.ts';
import { memberConsentWords } from '#shared/wire/v1/members.ts';
import {
  activationProofText,
  signatureBase,
  signatureParams,
  type SignedParts,
} from '#shared/wire/v1/signing.ts';
import { generateKeyPair, signText, type KeyPair } from '#cloud/identity/ed25519.ts';
import { digestOf } from '#cloud/identity/request-signature.ts';

/** What a new member says at the counter. */
export const consent = { words: memberConsentWords, shops: false };

/** What a test may bend about a signed request. */
export interface Bend {
  readonly createdShiftSeconds?: number;
  readonly nonce?: string;
  readonly key?: KeyPair;
  readonly terminalId?: string;
  /** What the terminal calls the cloud; default: where it hears. */
  readonly origin?: string;
  /** Sent instead of the body that was signed. */
  readonly sentBody?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, never>;
}

export interface TestTerminal {
  readonly terminalId: TerminalId;
  readonly merchantId: MerchantId;
  readonly storeId: string;
  readonly key: KeyPair;
  get(path: string, bend?: Bend): Promise<Answer>;
  post(path: string, body: unknown, bend?: Bend): Promise<Answer>;
  /** Signed headers of a request, as the socket handshake needs them too. */
  sign(method: string, path: string, body?: Buffer, bend?: Bend): Record<string, string>;
}

/** A terminal at the far end of the real wire: provisioned and activated over HTTP at `origin`. */
export async function activateTestTerminal(options: {
  readonly origin: string;
  readonly operatorToken: string;
  readonly concessionBp?: number;
  /** Another till of this shop. */
  readonly shop?: TestTerminal;
}): Promise<TestTerminal> {
  const { origin, operatorToken } = options;
  const { merchantId, storeId } = options.shop ?? (await newShop(options));
  const path = `/admin/v1/merchants/${merchantId}/stores/${storeId}/activation-codes`;
  const issued = await admin({ origin, operatorToken }, path, undefined);
  const key = generateKeyPair();
  const activated = await activate(origin, (issued.body as unknown as { code: string }).code, key);
  if (activated.status !== 200) throw new Error(JSON.stringify(activated.body));
  const { terminalId } = activated.body as unknown as { terminalId: TerminalId };
  return createTestTerminal({ origin, terminalId, merchantId, storeId, key });
}

async function newShop(options: Parameters<typeof activateTestTerminal>[0]) {
  const { origin, operatorToken } = options;
  const shop = await admin({ origin, operatorToken }, '/admin/v1/merchants', {
    name: '测试商店',
    concessionBp: options.concessionBp ?? 1000,
    storeName: '一号店',
    storePhone: '010-00000000',
  });
  return shop.body as unknown as { merchantId: MerchantId; storeId: string };
}

/** POST to an admin route. */
export const admin = (
  cloud: {
    readonly origin: string;
    readonly operatorToken: string;
    /** The key of the person who asks; absent: nobody does. */
    readonly personKey?: string;
  },
  path: string,
  body: unknown,
): Promise<Answer> =>
  send(`${cloud.origin}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${cloud.operatorToken}`,
      ...(cloud.personKey === undefined ? {} : { 'x-person-key': cloud.personKey }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

/** POST /v1/terminals/activate with a true proof. */
export const activate = (origin: string, code: string, key: KeyPair): Promise<Answer> =>
  send(`${origin}/v1/terminals/activate`, {
    method: 'POST',
    headers: {},
    body: JSON.stringify({
      code,
      publicKey: key.publicKey,
      proof: signText(key, activationProofText(code, key.publicKey)),
      model: 'test',
      appVersion: '0.0.0',
    }),
  });

/** A terminal that the cloud knows already. */
export function createTestTerminal(options: {
  readonly origin: string;
  readonly terminalId: TerminalId;
  readonly merchantId: MerchantId;
  readonly storeId: string;
  readonly key: KeyPair;
}): TestTerminal {
  const { origin } = options;
  let terminalSeq = 0;
  const sign: TestTerminal['sign'] = (method, path, body = Buffer.alloc(0), bend = {}) => {
    terminalSeq += 1;
    const parts: SignedParts = {
      method,
      targetUri: `${bend.origin ?? origin}${path}`,
      contentDigest: digestOf(body),
      terminalSeq,
      created: Math.floor(Date.now() / 1000) + (bend.createdShiftSeconds ?? 0),
      nonce: bend.nonce ?? randomBytes(16).toString('base64url'),
      keyId: bend.terminalId ?? options.terminalId,
    };
    const signature = Buffer.from(
      signText(bend.key ?? options.key, signatureBase(parts)),
      'base64url',
    );
    return {
      'content-digest': parts.contentDigest,
      'x-terminal-seq': String(terminalSeq),
      'signature-input': `sig1=${signatureParams(parts)}`,
      signature: `sig1=:${signature.toString('base64')}:`,
      ...bend.headers,
    };
  };
  return {
    ...options,
    sign,
    get: (path, bend) =>
      send(`${origin}${path}`, { method: 'GET', headers: sign('GET', path, undefined, bend) }),
    post(path, body, bend = {}) {
      const bytes = gzipSync(JSON.stringify(body));
      const headers = {
        'content-type': 'application/json',
        'content-encoding': 'gzip',
        ...sign('POST', path, bend.sentBody === undefined ? bytes : bend.sentBody, bend),
      };
      const sent = new Uint8Array(bend.sentBody ?? bytes);
      return send(`${origin}${path}`, { method: 'POST', headers, body: sent });
    },
  };
}

async function send(
  url: string,
  init: {
    method: string;
    headers: Record<string, string>;
    body?: string | Uint8Array<ArrayBuffer>;
  },
): Promise<Answer> {
  const headers = {
    ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...init.headers,
  };
  const response = await fetch(url, { ...init, headers });
  const text = await response.text();
  const body = (text === '' ? {} : JSON.parse(text)) as Record<string, never>;
  return { status: response.status, headers: response.headers, body };
}

/** A journal of one epoch, growing in memory with true hashes. */
export interface TestJournal {
  readonly epoch: string;
  readonly entries: readonly WireEntry[];
  append(type: string, body: unknown): WireEntry;
  /** The till's clock goes on by so many milliseconds. */
  shiftClock(byMs: number): void;
  /** Entries from..to as a batch. */
  batch(fromSeq: number, toSeq?: number): Batch;
}

export function createTestJournal(epoch = randomBytes(8).toString('hex')): TestJournal {
  const entries: WireEntry[] = [];
  let shiftMs = 0;
  const prevHashOf = (seq: number) => (seq === 1 ? genesisHash : (entries[seq - 2]?.hash ?? ''));
  return {
    epoch,
    entries,
    append(type, body) {
      const seq = entries.length + 1;
      const wallMs = Date.now() + shiftMs;
      const unhashed = {
        seq,
        hlc: `${wallMs.toString(16).padStart(12, '0')}-${(seq % 65536).toString(16).padStart(4, '0')}`,
        wallMs,
        type,
        body: typeof body === 'string' ? body : JSON.stringify(body),
      };
      const link = { epoch, prevHash: prevHashOf(seq), entry: unhashed };
      const hash = entryHash(link, ({ prevHash, text }) =>
        createHash('sha256').update(prevHash, 'hex').update(text, 'utf8').digest('hex'),
      );
      const entry = { ...unhashed, hash };
      entries.push(entry);
      return entry;
    },
    shiftClock: (byMs) => {
      shiftMs += byMs;
    },
    batch: (fromSeq, toSeq = entries.length) => ({
      epoch,
      firstSeq: fromSeq,
      prevHash: prevHashOf(fromSeq),
      entries: entries.slice(fromSeq - 1, toSeq),
    }),
  };
}

/** A journal of so many entries, as a till that was just set up begins one. */
export function journalOf(count: number): TestJournal {
  const journal = createTestJournal();
  journal.append('store.opened', { reason: 'created', appVersion: '0.1.0' });
  while (journal.entries.length < count) journal.append('caps.applied', { capsVersion: 1 });
  return journal;
}
