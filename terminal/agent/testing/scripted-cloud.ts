import { generateKeyPairSync, sign, verify, createHash, createPublicKey } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { decodeMemberCode, encodeMemberCode } from '#shared/member/member-code.ts';
import type { CertificateId, MemberId } from '#shared/ids/ids.ts';
import type { Charge, ChargeRequest } from '#shared/wire/v1/charges.ts';
import type { Batch, BatchAnswer } from '#shared/wire/v1/journal.ts';
import type { MemberView } from '#shared/wire/v1/members.ts';
import { signatureBase } from '#shared/wire/v1/signing.ts';
import { createScriptedVouchers } from '#terminal/agent/testing/scripted-vouchers.ts';
import type { Caps, ConfigPayload, OrderResult } from '#shared/wire/v1/terminals.ts';

/** How the cloud behaves on one kind of request. `ok` is the real behaviour. */
export type Behaviour = 'ok' | '500' | '429' | 'garbage' | 'never' | 'drop';

export const testTerminalId = 'trm_01KAN7D5Q00000000000000001';
export const testMember: MemberView = {
  memberId: 'mbr_01KAN7D5Q00000000000000001',
  phoneMask: '138****0001',
  pointsFen: 5_000,
  vouchers: [
    { voucherId: 'vch_01KAN7D5Q00000000000000001', leftFen: 600, expiresOn: '2027-01-01' },
  ],
  voucherTotalFen: 600,
};
export const activationCode = '0123456789AB';
const memberKeyId = 7;

const problem = (status: number, code: string, more: object = {}) => ({
  status,
  body: { type: `/errors#${code}`, title: code, status, code, retryable: false, ...more },
});

/**
 * A cloud at the far end of a real socket: it checks signatures and digests as the real one does, keeps the batches,
 * and misbehaves on command.
 */
export async function startScriptedCloud() {
  const platform = generateKeyPairSync('ed25519');
  const issuer = generateKeyPairSync('ed25519');
  const rawKey = (key: typeof platform.publicKey): string =>
    key.export({ type: 'spki', format: 'der' }).subarray(12).toString('base64url');
  const behaviours = new Map<string, Behaviour>();
  const charges = new Map<string, Charge>();
  const closedNumbers = new Set<string>();
  const bodies: ChargeRequest[] = [];
  const batches: Batch[] = [];
  const results: OrderResult[] = [];
  const heartbeats: unknown[] = [];
  const requests: string[] = [];
  const refusedSignatures: string[] = [];
  const sockets = new Set<Socket>();
  let terminalKey = '';
  const vouchers = createScriptedVouchers({ walletFen: testMember.voucherTotalFen });
  const heads = new Map<string, { seq: number; hash: string }>();
  let isKnown = true;
  let isRevoked = false;
  let isConfigForged = false;
  let configVersion = 1;
  let caps: Caps = {
    version: 1,
    perPaymentFen: 5_000,
    perMemberFen: 10_000,
    perMemberCount: 3,
    shopUnsyncedFen: 50_000,
    windowMs: 86_400_000,
    issuedAtMs: 0,
  };
  /** What a new charge becomes, by the last digit of its code, and how many queries that takes. */
  let nextCharge: Partial<Charge> & { readonly afterQueries?: number } = { status: 'paid' };
  let afterQueries = 0;
  let batchAnswer: ((batch: Batch) => { status: number; body: unknown } | undefined) | undefined;
  let skewMs = 0;

  const config = () => {
    const payload: ConfigPayload = {
      configVersion,
      terminalId: testTerminalId,
      merchantId: 'mch_01KAN7D5Q00000000000000001',
      merchantName: '绿点小店',
      storeName: '一号店',
      storePhone: '0571-8888',
      concessionBp: 1_000,
      sameDayBp: 8_000,
      cutOverHour: 4,
      claimBaseUrl: 'http://claim.test/',
      caps,
      issuerKeys: [{ keyId: memberKeyId, publicKey: rawKey(issuer.publicKey) }],
      revokedCertificateIds: [],
    };
    const text = JSON.stringify(payload);
    const signer = isConfigForged ? issuer : platform;
    const signature = sign(null, Buffer.from(text), signer.privateKey).toString('base64url');
    return { payload: text, signature };
  };

  const takeCharge = (request: ChargeRequest) => {
    if (!vouchers.fits(request)) return problem(409, 'voucher-reservation-invalid');
    bodies.push(request);
    const key = `${request.orderId}/${request.attempt}`;
    const { afterQueries: queries = 0, ...script } = nextCharge;
    afterQueries = queries;
    if (closedNumbers.has(key)) return problem(409, 'order-number-closed');
    const known = charges.get(key);
    const charge: Charge = known ?? {
      orderId: request.orderId,
      attempt: request.attempt,
      status: 'paid',
      amountFen: request.amountFen,
      voucherFen: request.voucherFen,
      channel: 'simulator',
      channelRef: 'ref-1',
      paidAtMs: Date.now(),
      deadlineMs: Date.now() + 45_000,
      ...script,
      ...(queries > 0 ? { status: 'waiting-payer' as const, code: 'payer-confirming' } : {}),
    };
    charges.set(key, charge);
    return { status: 200, body: charge };
  };

  const queryCharge = (key: string, cancel: boolean) => {
    const charge = charges.get(key);
    if (!charge) {
      if (cancel) closedNumbers.add(key);
      return problem(404, 'charge-not-found');
    }
    const isFinal = ['paid', 'failed', 'reversed', 'refunded-late'].includes(charge.status);
    if (!isFinal && cancel) charge.status = 'reversed';
    else if (!isFinal && (afterQueries -= 1) <= 0) charge.status = nextCharge.status ?? 'paid';
    return { status: 200, body: charge };
  };

  const takeBatch = (batch: Batch) => {
    const scripted = batchAnswer?.(batch);
    if (scripted) return scripted;
    const head = heads.get(batch.epoch) ?? { seq: 0, hash: '0'.repeat(64) };
    if (batch.firstSeq > head.seq + 1)
      return problem(409, 'journal-gap', { expectedSeq: head.seq + 1 });
    batches.push(batch);
    const last = batch.entries.at(-1)!;
    const newHead = last.seq > head.seq ? { seq: last.seq, hash: last.hash } : head;
    heads.set(batch.epoch, newHead);
    const verdicts = batch.entries.map(({ seq }) =>
      isRevoked
        ? { seq, verdict: 'parked' as const, code: 'terminal-revoked' }
        : { seq, verdict: 'accepted' as const },
    );
    const body: BatchAnswer = { ackedThrough: newHead.seq, headHash: newHead.hash, verdicts };
    return { status: 200, body };
  };

  const route = (method: string, path: string, body: string): { status: number; body: unknown } => {
    const json: unknown = body === '' ? undefined : JSON.parse(body);
    const [, charge, cancel] = /^\/v1\/charges\/([^/]+\/\d+)(\/cancel)?$/.exec(path) ?? [];
    if (path === '/v1/charges') return takeCharge(json as ChargeRequest);
    if (charge) return queryCharge(charge, cancel !== undefined && method === 'POST');
    if (path === '/v1/journal/batches') return takeBatch(json as Batch);
    if (path.startsWith('/v1/results')) {
      const after = Number(new URLSearchParams(path.split('?')[1]).get('after'));
      return {
        status: 200,
        body: { results: results.filter((r) => r.cursor > after), more: false },
      };
    }
    if (path === '/v1/heartbeats') {
      heartbeats.push(json);
      return { status: 200, body: { serverMs: Date.now(), configVersion } };
    }
    if (path === '/v1/terminals/me/config') return { status: 200, body: config() };
    if (path === '/v1/members') return { status: 200, body: testMember };
    if (path === '/v1/members/resolve') {
      const read = decodeMemberCode((json as { code: string }).code);
      return read.ok ? { status: 200, body: testMember } : problem(422, read.error.type);
    }
    if (path === '/v1/voucher-reservations') {
      const reservation = vouchers.reserve(json as { orderId: string; amountFen: number });
      return reservation ? { status: 200, body: reservation } : problem(409, 'voucher-balance');
    }
    return problem(404, 'not-found');
  };

  const activate = (body: string) => {
    const request = JSON.parse(body) as { code: string; publicKey: string };
    if (request.code !== activationCode) return problem(403, 'activation-code-invalid');
    terminalKey = request.publicKey;
    const serverPublicKey = rawKey(platform.publicKey);
    const answer = {
      terminalId: testTerminalId,
      serverPublicKey,
      serverMs: Date.now(),
      config: config(),
    };
    return { status: 200, body: answer };
  };

  const answer = (
    response: ServerResponse,
    { status, body }: { status: number; body: unknown },
  ) => {
    const date = new Date(Date.now() + skewMs).toUTCString();
    response.writeHead(status, { 'content-type': 'application/json', date });
    response.end(JSON.stringify(body));
  };

  const handle = (request: IncomingMessage, response: ServerResponse, raw: Buffer): void => {
    const path = request.url ?? '';
    const method = request.method ?? '';
    requests.push(`${method} ${path}`);
    const kind = kindOf(method, path);
    const behaviour = behaviours.get(kind) ?? behaviours.get('all') ?? 'ok';
    const body = (
      request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
    ).toString();
    if (behaviour === 'never') return;
    if (behaviour === '500') return answer(response, { status: 500, body: { oops: true } });
    if (behaviour === '429') {
      response.writeHead(429, { 'retry-after': '1' });
      return void response.end();
    }
    if (behaviour === 'garbage') {
      response.writeHead(200, { 'content-type': 'text/html' });
      return void response.end('<html>hotel wifi</html>');
    }
    if (path.startsWith('/hints')) return answer(response, problem(404, 'not-found'));
    if (path === '/healthz') return answer(response, { status: 200, body: { status: 'alive' } });
    if (path === '/v1/terminals/activate') return answer(response, activate(body));
    const nowSeconds = (Date.now() + skewMs) / 1_000;
    const publicKey = isKnown ? terminalKey : rawKey(issuer.publicKey);
    const refusal = checkSignature(request, raw, { publicKey, nowSeconds });
    if (!refusal && isRevoked && kind !== 'journal')
      return answer(response, problem(403, 'terminal-revoked'));
    if (refusal) {
      refusedSignatures.push(refusal);
      return answer(response, problem(401, refusal, { serverMs: Date.now() + skewMs }));
    }
    const outcome = route(method, path, body);
    if (behaviour === 'drop') return void request.socket.destroy();
    answer(response, outcome);
  };

  const listen = (port: number): Promise<Server> =>
    new Promise((resolve) => {
      const server = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => handle(request, response, Buffer.concat(chunks)));
      });
      server.on('connection', (socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
      });
      server.listen(port, '127.0.0.1', () => resolve(server));
    });

  let server = await listen(0);
  const { port } = server.address() as AddressInfo;
  const goDown = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  };

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    /** Every charge request that arrived, in order. */
    bodies,
    batches,
    heartbeats,
    results,
    refusedSignatures,
    vouchers,
    /** Every entry type that was delivered, in order, each once. */
    delivered: () => {
      const seen = new Map<string, string>();
      for (const batch of batches)
        for (const entry of batch.entries) seen.set(`${batch.epoch}/${entry.seq}`, entry.type);
      return [...seen.values()];
    },
    behave: (kind: string, behaviour: Behaviour) => void behaviours.set(kind, behaviour),
    nextCharge: (script: typeof nextCharge) => {
      nextCharge = script;
    },
    /** Every attempt without a result gets this one. */
    settleAll: (status: Charge['status']) => {
      for (const charge of charges.values())
        if (['waiting-payer', 'unknown', 'submitting'].includes(charge.status))
          charge.status = status;
    },
    answerBatches: (script: typeof batchAnswer) => {
      batchAnswer = script;
    },
    problem,
    newCaps: (change: Partial<Caps>) => {
      configVersion += 1;
      caps = { ...caps, ...change, version: caps.version + 1 };
    },
    /** Whether the cloud has the right key of this terminal; without it every signature is false. */
    knowTerminal: (known: boolean) => {
      isKnown = known;
    },
    /** The owner closed this terminal: only its journal is still taken, and parked. */
    revokeTerminal: (revoked: boolean) => {
      isRevoked = revoked;
    },
    /** New settings are signed with a key that is not the platform's. */
    forgeConfig: (forged: boolean) => {
      isConfigForged = forged;
    },
    /** The cloud's clock is so far ahead of ours. */
    skew: (ms: number) => {
      skewMs = ms;
    },
    memberCode: (serial: number, paymentCapYuan = 50): string =>
      encodeMemberCode(
        {
          keyId: memberKeyId,
          memberId: testMember.memberId as MemberId,
          certificateId:
            `crt_01KAN7D5Q0000000000000${String(serial).padStart(4, '0')}` as CertificateId,
          paymentCapYuan,
          windowCapYuan: 100,
          notAfterSeconds: Math.floor(Date.now() / 1_000) + 3_600,
          scope: 0,
        },
        (bytes) => sign(null, bytes, issuer.privateKey),
      ),
    /** Nothing listens any more: connections are refused. */
    goDown,
    comeBack: async () => {
      server = await listen(port);
    },
    stop: goDown,
  };
}

export type ScriptedCloud = Awaited<ReturnType<typeof startScriptedCloud>>;

function kindOf(method: string, path: string): string {
  if (path === '/v1/charges') return 'charge';
  if (path.startsWith('/v1/charges/')) return method === 'POST' ? 'cancel' : 'query';
  return path.replace(/^\/v1\//, '').split(/[/?]/)[0] ?? '';
}

/** Why a request is not signed by this terminal; undefined when it is. */
function checkSignature(
  request: IncomingMessage,
  raw: Buffer,
  { publicKey, nowSeconds }: { publicKey: string; nowSeconds: number },
): string | undefined {
  const header = (name: string): string => String(request.headers[name] ?? '');
  const contentDigest = `sha-256=:${createHash('sha256').update(raw).digest('base64')}:`;
  if (header('content-digest') !== contentDigest) return 'digest-mismatch';
  const input = /created=(\d+);nonce="([^"]+)";keyid="([^"]+)"/.exec(header('signature-input'));
  if (!input) return 'signature-missing';
  const [, created = '', nonce = '', keyId = ''] = input;
  if (Math.abs(nowSeconds - Number(created)) > 300) return 'signature-stale';
  const text = signatureBase({
    method: request.method ?? '',
    targetUri: `http://${header('host')}${request.url ?? ''}`,
    contentDigest,
    terminalSeq: Number(header('x-terminal-seq')),
    created: Number(created),
    nonce,
    keyId,
  });
  const key = createPublicKey({
    key: Buffer.concat([
      Buffer.from('302a300506032b6570032100', 'hex'),
      Buffer.from(publicKey, 'base64url'),
    ]),
    format: 'der',
    type: 'spki',
  });
  const signature = Buffer.from(header('signature').replace(/^sig1=:(.*):$/, '$1'), 'base64');
  return verify(null, Buffer.from(text), key, signature) ? undefined : 'signature-invalid';
}
