import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerAdminIdentityRoutes } from '#cloud/identity/admin-routes.ts';
import { registerIdentityRoutes } from '#cloud/identity/routes.ts';
import { registerPaymentAdminRoutes } from '#cloud/payments/admin-routes.ts';
import { merchantChannelsDefault } from '#cloud/payments/merchant-channels.ts';
import { registerPaymentRoutes } from '#cloud/payments/routes.ts';
import {
  createPaymentBench,
  wechatRoutes,
  type PaymentBench,
} from '#cloud/payments/testing/payment-bench.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { createHttpShell } from '#cloud/platform/http/http-shell.ts';
import { testOperatorToken } from '#cloud/platform/testing/test-cloud.ts';
import { activateTestTerminal, type TestTerminal } from '#cloud/platform/testing/test-terminal.ts';

let bench: PaymentBench;
let app: CloudApp;
let origin: string;
let terminal: TestTerminal;

beforeAll(async () => {
  // A terminal signs with the machine's clock, so the bench starts there.
  bench = await createPaymentBench({ startMs: Date.now() });
  app = await createHttpShell(bench.cloud.deps);
  registerIdentityRoutes(app, bench.cloud.deps);
  registerAdminIdentityRoutes(app, bench.cloud.deps);
  registerPaymentRoutes(app, bench.deps);
  registerPaymentAdminRoutes(app, { ...bench.cloud.deps, channels: bench.deps.channels });
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
  terminal = await activateTestTerminal({ origin, operatorToken: testOperatorToken });
});
afterAll(async () => {
  await app.close();
  await bench.close();
});

const openChannels = (token: string) =>
  fetch(`${origin}/admin/v1/merchants/${terminal.merchantId}/channels`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ channels: merchantChannelsDefault('1900000777') }),
  });

describe('POST /v1/charges over the signed wire', () => {
  it('a shop without channels is told so; after the operator opened them it is paid', async () => {
    const request = bench.request('01');
    const closed = await terminal.post('/v1/charges', request);
    expect(closed).toMatchObject({ status: 422, body: { code: 'no-channel', retryable: false } });
    expect(closed.headers.get('content-type')).toContain('application/problem+json');
    expect((await openChannels('wrong-token-wrong-token-wrong-token')).status).toBe(401);
    expect((await openChannels(testOperatorToken)).status).toBe(200);
    const paid = await terminal.post('/v1/charges', request);
    expect(paid).toMatchObject({ status: 200, body: { status: 'paid', amountFen: 1_234 } });
    const path = `/v1/charges/${request.orderId}/1`;
    expect((await terminal.get(path)).body).toEqual(paid.body);
    expect((await terminal.post(`${path}/cancel`, {})).body).toMatchObject({ status: 'paid' });
  });

  it('a cancel turns a waiting charge round', async () => {
    const request = bench.request('03');
    expect((await terminal.post('/v1/charges', request)).body).toMatchObject({
      status: 'waiting-payer',
    });
    const cancelled = await terminal.post(`/v1/charges/${request.orderId}/1/cancel`, {});
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'reversing' } });
    const second = { ...bench.request('01'), orderId: request.orderId, attempt: 2 };
    expect(await terminal.post('/v1/charges', second)).toMatchObject({
      status: 409,
      body: { code: 'attempt-in-flight' },
    });
  });

  it('other content under the same number is refused', async () => {
    const request = bench.request('01');
    await terminal.post('/v1/charges', request);
    expect(await terminal.post('/v1/charges', { ...request, amountFen: 5 })).toMatchObject({
      status: 409,
      body: { code: 'idempotency-mismatch' },
    });
  });

  it('a charge that never came is not found', async () => {
    expect(await terminal.get(`/v1/charges/${bench.newOrderId()}/1`)).toMatchObject({
      status: 404,
      body: { code: 'charge-not-found' },
    });
  });

  it.each([
    ['amount 0', { amountFen: 0 }],
    ['a negative amount', { amountFen: -100 }],
    ['an amount with letters', { amountFen: '12a' }],
    ['half a fen', { amountFen: 10.5 }],
    ['an amount over the limit', { amountFen: 5_000_001 }],
    ['a code with letters', { authCode: '13456789012345678a' }],
    ['a code that is too short', { authCode: '134567' }],
    ['an unknown wallet', { wallet: 'cash' }],
    ['attempt 100', { attempt: 100 }],
    ['a foreign order id', { orderId: 'ord_x' }],
    ['a field nobody asked for', { note: 'x' }],
  ])('%s: 400, and nothing reaches the channel', async (_what, change) => {
    const before = bench.simulator.requestCounts().get(wechatRoutes.pay);
    const answer = await terminal.post('/v1/charges', { ...bench.request('01'), ...change });
    expect(answer).toMatchObject({ status: 400, body: { code: 'request-invalid' } });
    expect(JSON.stringify(answer.body)).not.toMatch(/[0-9]{16}/);
    expect(bench.simulator.requestCounts().get(wechatRoutes.pay)).toBe(before);
  });

  it.each([
    ['vouchers without a reservation', { voucherFen: 100 }],
    ['a reservation that does not exist', { voucherFen: 100, reservationId: 'rsv_none' }],
    ['a reservation without vouchers', { reservationId: 'rsv_none' }],
    ['vouchers for the whole amount', { voucherFen: 1_234, reservationId: 'rsv_none' }],
  ])('%s: refused', async (_what, change) => {
    const request = { ...bench.request('01', { memberId: bench.newMemberId() }), ...change };
    expect(await terminal.post('/v1/charges', request)).toMatchObject({
      status: 409,
      body: { code: 'voucher-reservation-invalid' },
    });
  });

  it('an unsigned request is not heard', async () => {
    const answer = await fetch(`${origin}/v1/charges`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(bench.request('01')),
    });
    expect(answer.status).toBe(401);
  });
});
