import type { IncomingMessage, ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { decodeMemberCode } from '#shared/member/member-code.ts';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';
import type { RefundRequest } from '#shared/wire/v1/refunds.ts';
import type { Batch, Heartbeat } from '#shared/wire/v1/journal.ts';
import type { MemberView } from '#shared/wire/v1/members.ts';
import type { OrderResult } from '#shared/wire/v1/terminals.ts';
import { checkSignature } from '#terminal/agent/testing/check-signature.ts';
import { problem, type ScriptedAnswer } from '#terminal/agent/testing/scripted-answer.ts';
import { createScriptedCharges } from '#terminal/agent/testing/scripted-charges.ts';
import { createScriptedCoupons } from '#terminal/agent/testing/scripted-coupons.ts';
import { createScriptedJournal } from '#terminal/agent/testing/scripted-journal.ts';
import { createScriptedPlatform, testMember } from '#terminal/agent/testing/scripted-platform.ts';
import { openScriptedSocket } from '#terminal/agent/testing/scripted-socket.ts';
import { createScriptedRefunds } from '#terminal/agent/testing/scripted-refunds.ts';
import { createScriptedVouchers } from '#terminal/agent/testing/scripted-vouchers.ts';

/** How the cloud behaves on one kind of request. `ok` is the real behaviour. */
export type Behaviour = 'ok' | '500' | '429' | 'garbage' | 'never' | 'drop';

/**
 * A cloud at the far end of a real socket: it checks signatures and digests as the real one does, keeps the batches,
 * and misbehaves on command.
 */
export async function startScriptedCloud() {
  const house = createHouse();
  const { charges, journal, platform } = house;
  const behaviours = new Map<string, Behaviour>();
  const requests: string[] = [];
  const refusedSignatures: string[] = [];
  let skewMs = 0;

  const answer = (response: ServerResponse, { status, body }: ScriptedAnswer): void => {
    const date = new Date(Date.now() + skewMs).toUTCString();
    response.writeHead(status, { 'content-type': 'application/json', date });
    response.end(JSON.stringify(body));
  };

  /** Why the request is not taken; undefined when it is. */
  const refuse = (request: IncomingMessage, raw: Buffer): ScriptedAnswer | undefined => {
    const nowMs = Date.now() + skewMs;
    const publicKey = platform.terminalKey();
    const refusal = checkSignature(request, raw, { publicKey, nowSeconds: nowMs / 1_000 });
    if (refusal) {
      refusedSignatures.push(refusal);
      return problem(401, refusal, { serverMs: nowMs });
    }
    const isJournal = kindOf(request.method ?? '', request.url ?? '') === 'journal';
    return house.isRevoked() && !isJournal ? problem(403, 'terminal-revoked') : undefined;
  };

  const handle = (request: IncomingMessage, response: ServerResponse, raw: Buffer): void => {
    const { url: path = '', method = '' } = request;
    requests.push(`${method} ${path}`);
    const behaviour = behaviours.get(kindOf(method, path)) ?? behaviours.get('all') ?? 'ok';
    if (behaviour === '500') return answer(response, { status: 500, body: { oops: true } });
    if (behaviour !== 'ok' && behaviour !== 'drop') return misbehave(response, behaviour);
    const isZipped = request.headers['content-encoding'] === 'gzip';
    const body = (isZipped ? gunzipSync(raw) : raw).toString();
    const open = openRoute(platform, path, body);
    // What is dropped was done all the same: only its answer is lost.
    if (open && behaviour === 'drop') return void request.socket.destroy();
    if (open) return answer(response, open);
    const refused = refuse(request, raw);
    if (refused) return answer(response, refused);
    const outcome = house.route(method, path, body);
    if (behaviour === 'drop') return void request.socket.destroy();
    answer(response, outcome);
  };

  const { url, goDown, comeBack } = await openScriptedSocket(handle);
  const { knowTerminal, newCaps, forgetPromises, forgeConfig, replayConfig } = platform;
  const { memberCode, twoLayerCode, stopCode } = platform;
  return {
    url,
    requests,
    bodies: charges.bodies,
    batches: journal.batches,
    heartbeats: house.heartbeats,
    results: house.results,
    refusedSignatures,
    vouchers: house.vouchers,
    coupons: house.coupons,
    goods: platform.goods,
    freezeMember: house.freezeMember,
    delivered: journal.delivered,
    behave: (kind: string, behaviour: Behaviour) => void behaviours.set(kind, behaviour),
    nextCharge: charges.script,
    refunds: house.refunds,
    settleAll: charges.settleAll,
    answerBatches: journal.script,
    problem,
    newCaps,
    resetOwnerPin: platform.resetOwnerPin,
    forgetPromises,
    knowTerminal,
    revokeTerminal: house.revokeTerminal,
    forgeConfig,
    replayConfig,
    /** The cloud's clock is so far ahead of ours. */
    skew: (ms: number) => {
      skewMs = ms;
    },
    memberCode,
    twoLayerCode,
    stopCode,
    goDown,
    comeBack,
    stop: goDown,
  };
}

export type ScriptedCloud = Awaited<ReturnType<typeof startScriptedCloud>>;

/** What lies behind the door, and who is sent where. */
function createHouse() {
  const vouchers = createScriptedVouchers({ walletFen: testMember.voucherTotalFen });
  const coupons = createScriptedCoupons();
  const charges = createScriptedCharges(vouchers.fits);
  const refunds = createScriptedRefunds(charges.bodies);
  const journal = createScriptedJournal(() => isRevoked);
  const platform = createScriptedPlatform();
  const results: OrderResult[] = [];
  const heartbeats: unknown[] = [];
  let ownerChangeNo = 0;
  let isMemberFrozen = false;
  const member = (): MemberView =>
    isMemberFrozen
      ? { ...testMember, vouchers: [], voucherTotalFen: 0, isFrozen: true }
      : testMember;
  let isRevoked = false;

  const route = (method: string, path: string, body: string): ScriptedAnswer => {
    const json: unknown = body === '' ? undefined : JSON.parse(body);
    const [, charge, cancel] = /^\/v1\/charges\/([^/]+\/\d+)(\/cancel)?$/.exec(path) ?? [];
    const beside = coupons.route(path, json) ?? platform.goods.route(path);
    if (beside) return beside;
    if (path === '/v1/charges') return charges.take(json as ChargeRequest);
    const [, refunded] = /^\/v1\/orders\/([^/]+)\/refunds$/.exec(path) ?? [];
    if (refunded) return refunds.take(refunded, json as RefundRequest);
    if (charge) return charges.query(charge, cancel !== undefined && method === 'POST');
    if (path === '/v1/journal/batches') return journal.take(json as Batch);
    if (path.startsWith('/v1/results')) {
      const after = Number(new URLSearchParams(path.split('?')[1]).get('after'));
      return ok({ results: results.filter((r) => r.cursor > after), more: false });
    }
    if (path === '/v1/heartbeats') {
      heartbeats.push(json);
      ownerChangeNo = Math.max(ownerChangeNo, (json as Heartbeat).ownerChangeNo ?? 0);
      const configVersion = platform.configVersion();
      const catalogueVersion = platform.goods.version();
      const goods = catalogueVersion === 0 ? {} : { catalogueVersion };
      return ok({ serverMs: Date.now(), configVersion, ...goods, ownerChangeNo });
    }
    if (path === '/v1/terminals/me/config') return ok(platform.config());
    if (path === '/v1/members') return ok(member());
    if (path === '/v1/members/resolve') {
      const read = decodeMemberCode((json as { code: string }).code);
      return read.ok ? ok(member()) : problem(422, read.error.type);
    }
    if (path === '/v1/voucher-reservations') {
      if (isMemberFrozen) return problem(409, 'member-frozen');
      const reservation = vouchers.reserve(json as { orderId: string; amountFen: number });
      return reservation ? ok(reservation) : problem(409, 'voucher-balance');
    }
    return problem(404, 'not-found');
  };

  return {
    vouchers,
    /** The account of the one member there is, is held from now on. */
    freezeMember: (): void => {
      isMemberFrozen = true;
    },
    coupons,
    charges,
    refunds,
    journal,
    platform,
    results,
    heartbeats,
    route,
    isRevoked: () => isRevoked,
    /** The owner closed this terminal: only its journal is still taken, and parked. */
    revokeTerminal: (revoked: boolean): void => {
      isRevoked = revoked;
    },
  };
}

const ok = (body: unknown): ScriptedAnswer => ({ status: 200, body });

/** What may be asked without a signature; undefined for everything else. */
function openRoute(
  platform: ReturnType<typeof createScriptedPlatform>,
  path: string,
  body: string,
): ScriptedAnswer | undefined {
  if (path.startsWith('/hints')) return problem(404, 'not-found');
  if (path === '/healthz') return ok({ status: 'alive' });
  if (path !== '/v1/terminals/activate') return undefined;
  return platform.activate(JSON.parse(body) as { code: string; publicKey: string });
}

function misbehave(response: ServerResponse, behaviour: 'never' | '429' | 'garbage'): void {
  if (behaviour === 'never') return;
  if (behaviour === '429') {
    response.writeHead(429, { 'retry-after': '1' });
    return void response.end();
  }
  response.writeHead(200, { 'content-type': 'text/html' });
  response.end('<html>hotel wifi</html>');
}

function kindOf(method: string, path: string): string {
  if (path === '/v1/charges') return 'charge';
  if (path.startsWith('/v1/charges/')) return method === 'POST' ? 'cancel' : 'query';
  return path.replace(/^\/v1\//, '').split(/[/?]/)[0] ?? '';
}
