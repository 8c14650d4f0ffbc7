import type { Channel } from '#cloud/channel/channel.ts';
import type { ProbeOutcome } from '#cloud/channel/channel-exchange.ts';
import type { WechatClient } from '#cloud/payments/channels/wechat/client.ts';
import type { WechatOptions } from '#cloud/payments/channels/wechat/config.ts';
import { wechatMessages } from '#cloud/payments/channels/wechat/messages.ts';
import { unknown } from '#cloud/payments/channels/wire/evidence.ts';

/** Codes that say our keys or account are not accepted. */
const refusals: ReadonlySet<string> = new Set(['SIGN_ERROR', 'NO_AUTH', 'MCH_NOT_EXISTS']);

/**
 * `POST /v3/security/echo`: signs and verifies with the real keys and moves no money. Where notifies
 * have an address, one comes there too (`SECURITY_ECHO.SUCCESS`). For onboarding and alarms.
 * Source: pay.weixin.qq.com/doc/v3/partner/4015139289 and 4019605946 (2026-04).
 */
export const createWechatProbe =
  (client: WechatClient, { random, account }: WechatOptions): NonNullable<Channel['probe']> =>
  async () => {
    const echo = Buffer.from(random.bytes(12)).toString('hex');
    const { notifyUrl } = account;
    const value = {
      echo_message: echo,
      ...(notifyUrl === undefined ? {} : { notify_url: notifyUrl }),
    };
    const answer = await client.ask({ method: 'POST', target: '/v3/security/echo', value });
    const { evidence } = answer;
    if (answer.type === 'said') {
      const isIt = wechatMessages.echo.Check(answer.value) && answer.value.echo_message === echo;
      const outcome: ProbeOutcome = isIt ? { type: 'healthy' } : unknown('order-mismatch');
      return { outcome, evidence };
    }
    const outcome: ProbeOutcome =
      answer.type === 'refused' && refusals.has(answer.code)
        ? { type: 'refused', code: answer.code }
        : unknown(answer.code);
    return { outcome, evidence };
  };
