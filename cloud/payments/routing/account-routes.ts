import Type from 'typebox';
import type { Channel } from '#cloud/channel/channel.ts';
import { channelNamePattern } from '#cloud/payments/merchant-channels.ts';
import { strict } from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { sendProblem } from '#cloud/platform/problem.ts';

/** Accounts of one process: the first of each channel, the aggregator's, and further ones (cloud/open-channels.ts). */
export const accountsListedMax = 256;

/**
 * GET  /admin/v1/channel-accounts                  the accounts by which this cloud charges, and what each can do
 * POST /admin/v1/channel-accounts/{account}/probe  asks the channel with the account's own keys; moves no money
 */
export function registerAccountRoutes(app: CloudApp, channels: ReadonlyMap<string, Channel>): void {
  const Accounts = Type.Array(
    Type.Object({
      account: Type.String(),
      kind: Type.String(),
      wallets: Type.Array(Type.String(), { maxItems: 8 }),
      abilities: Type.Array(Type.String(), { maxItems: 16 }),
    }),
    { maxItems: accountsListedMax },
  );
  app.get(
    '/admin/v1/channel-accounts',
    {
      schema: {
        summary: 'Accounts at channels, and what each can do',
        response: { 200: Type.Object({ accounts: Accounts }) },
      },
    },
    () => ({
      accounts: [...channels].map(([account, { profile }]) => ({
        account,
        kind: profile.kind,
        wallets: [...profile.wallets],
        abilities: [...profile.abilities],
      })),
    }),
  );
  app.post(
    '/admin/v1/channel-accounts/:account/probe',
    {
      schema: {
        summary: 'Try the keys of an account at its channel',
        params: Type.Object({ account: Type.String({ pattern: channelNamePattern }) }, strict),
        response: {
          200: Type.Object({
            /** `refused`: the channel answered and does not accept our keys. `unknown`: nothing to be believed came. */
            result: Type.Union([
              Type.Literal('healthy'),
              Type.Literal('refused'),
              Type.Literal('unknown'),
            ]),
            code: Type.Optional(Type.String()),
            signature: Type.Union([
              Type.Literal('valid'),
              Type.Literal('invalid'),
              Type.Literal('missing'),
              Type.Literal('no-answer'),
            ]),
            httpStatus: Type.Integer(),
          }),
        },
      },
    },
    async (request, reply) => {
      const channel = channels.get(request.params.account);
      if (channel === undefined)
        return sendProblem(reply, { status: 404, code: 'not-found', detail: 'no such account' });
      if (channel.probe === undefined) {
        const detail = `${channel.profile.kind} has no self test that moves no money`;
        return sendProblem(reply, { status: 422, code: 'request-invalid', detail });
      }
      const { outcome, evidence } = await channel.probe();
      const { signature, httpStatus } = evidence;
      const code = outcome.type === 'healthy' ? {} : { code: outcome.code };
      return { result: outcome.type, ...code, signature, httpStatus };
    },
  );
}
