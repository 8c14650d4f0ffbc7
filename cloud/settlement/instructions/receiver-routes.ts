import Type from 'typebox';
import {
  nobody,
  NoteSchema,
  PersonHeadersSchema,
  personOf,
  strict,
} from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { listReceivers, receiversListedMax } from '#cloud/settlement/instructions/receiver-list.ts';
import { beginLeaving } from '#cloud/settlement/instructions/receiver-store.ts';

const Nullable = Type.Union([Type.String(), Type.Null()]);
const Receiver = {
  channel: Type.String({ pattern: '^[a-z0-9-]{1,40}$' }),
  channelMerchantNo: Type.String({ minLength: 1, maxLength: 64 }),
  account: Type.String({ minLength: 1, maxLength: 64 }),
};
const ListedSchema = Type.Object({
  channel: Type.String(),
  channelMerchantNo: Type.String(),
  account: Type.String(),
  state: Type.String(),
  code: Nullable,
  leavingSinceMs: Type.Union([Type.Integer(), Type.Null()]),
  exception: Nullable,
});

/**
 * GET  /admin/v1/split-receivers         who may get shares of which merchant's orders, and who is being taken off
 * POST /admin/v1/split-receivers/remove  a person looked: what the channel had refused is asked for again (x-person-key)
 */
export function registerReceiverRoutes(
  app: CloudApp,
  deps: Pick<CloudDeps, 'clock' | 'db' | 'logger' | 'operatorId'>,
): void {
  const { db, clock, operatorId } = deps;
  const listSchema = {
    summary: 'Receivers of shares at the channels',
    querystring: Type.Object(
      {
        channel: Type.Optional(Receiver.channel),
        channelMerchantNo: Type.Optional(Receiver.channelMerchantNo),
        account: Type.Optional(Receiver.account),
      },
      strict,
    ),
    response: {
      200: Type.Object({ receivers: Type.Array(ListedSchema, { maxItems: receiversListedMax }) }),
    },
  };
  app.get('/admin/v1/split-receivers', { schema: listSchema }, async ({ query }) => {
    const { channel, channelMerchantNo = '', account = '' } = query;
    const after = channel === undefined ? {} : { after: { channel, channelMerchantNo, account } };
    const wanted = { operatorId, nowMs: clock.nowMs(), ...after };
    return { receivers: [...(await listReceivers(db, wanted))] };
  });
  const removeSchema = {
    summary: 'Ask again to take a receiver off that the channel had refused to',
    headers: PersonHeadersSchema,
    body: Type.Object({ ...Receiver, note: NoteSchema }, strict),
    response: { 200: Type.Object({ begun: Type.Literal(true) }) },
  };
  app.post('/admin/v1/split-receivers/remove', { schema: removeSchema }, async (request, reply) => {
    const person = await personOf(deps, request.headers);
    if (person === undefined) return sendProblem(reply, nobody);
    const { note, ...named } = request.body;
    const key = { operatorId, ...named };
    const nowMs = clock.nowMs();
    const begun = await retriedTransaction(db, (tx) =>
      beginLeaving(tx, key, { from: 'refused', nowMs }),
    );
    if (!begun) return sendProblem(reply, { status: 404, code: 'not-found' });
    deps.logger.info({ ...named, note, by: person.personId }, 'a receiver is asked off again');
    return { begun: true as const };
  });
}
