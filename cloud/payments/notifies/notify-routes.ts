import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { notifyBytesMax, type NotifyReader } from '#cloud/channel/channel-notify.ts';
import { takeNotify, type NotifyDeps } from '#cloud/payments/notifies/take-notify.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';

/** From one address. A channel posts from few, and posts again what was sent away. */
export const notifiesPerMinuteMax = 6_000;

/** Where a channel is told to post: below the cloud's own address, by the name of the account. */
export const notifyPathOf = (channel: string): string => `/notify/v1/${channel}`;

const ChannelPathSchema = Type.Object(
  { channel: Type.String({ pattern: '^[a-z0-9-]{1,40}$' }) },
  { additionalProperties: false },
);

/**
 * POST /notify/v1/{channel}: what a channel tells us unasked. Public, because a channel has no token of ours: it is
 * believed for its signature over the raw bytes, which is checked before anything is parsed. The
 * answer is the channel's own word for "accepted" once the event is stored, and its word for "no"
 * otherwise: then it posts again.
 */
export function registerNotifyRoutes(
  app: CloudApp,
  deps: NotifyDeps & Pick<CloudDeps, 'metrics'>,
): void {
  app.post(
    notifyPathOf(':channel'),
    {
      schema: {
        summary: 'A channel tells of a payment, a refund or a transfer',
        params: ChannelPathSchema,
      },
      bodyLimit: notifyBytesMax,
      config: {
        access: 'channel',
        rateLimit: { max: notifiesPerMinuteMax, timeWindow: 60_000 },
      },
    },
    async (request, reply) => {
      const { channel } = request.params;
      const notify = deps.channels.get(channel)?.notify;
      if (notify === undefined) return sendProblem(reply, { status: 404, code: 'not-found' });
      const verdict = await hear(deps, { channel, notify }, request);
      deps.metrics.channelNotifies.inc({ channel, verdict });
      return sendAnswer(reply, notify, verdict !== 'refused' && verdict !== 'probed');
    },
  );
}

async function hear(
  deps: NotifyDeps,
  { channel, notify }: { readonly channel: string; readonly notify: NotifyReader },
  request: FastifyRequest,
): Promise<string> {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const read = notify.read({ headers: headersOf(request), body });
  // The channel tries whether signatures are looked at: the answer is no, and that is no news.
  if (!read.ok && read.error.code === 'signature-probe') return 'probed';
  if (!read.ok) {
    deps.logger.warn({ channel, code: read.error.code }, 'a notify counts for nothing');
    return 'refused';
  }
  const scope = { type: 'operator', operatorId: deps.operatorId } as const;
  const verdict = await runScoped(scope, () =>
    takeNotify(deps, { channel, event: read.value, body }),
  );
  if (verdict === 'finding')
    deps.logger.error({ channel, eventId: read.value.eventId }, 'a notify fits nothing of ours');
  return verdict;
}

/** A header that stands twice is none: nobody could say which of them was meant. */
const headersOf = ({ headers }: FastifyRequest): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : undefined,
    ]),
  );

function sendAnswer(reply: FastifyReply, notify: NotifyReader, isAccepted: boolean): FastifyReply {
  const { status, contentType, body } = notify.answer(isAccepted);
  return reply.code(status).type(contentType).send(body);
}
