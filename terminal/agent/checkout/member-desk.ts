import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import {
  memberConsentWords,
  MemberViewSchema,
  ReservationSchema,
  type MemberView,
  type Reservation,
} from '#shared/wire/v1/members.ts';
import type { CloudClient, CloudFailure } from '#terminal/agent/uplink/cloud-client.ts';

/** Who stands at the counter: his number, and what a new customer agreed to. */
export interface MemberWanted {
  readonly phone: string;
  readonly consent?: { readonly shops: boolean } | undefined;
}

/** Members and their vouchers, as the cloud knows them. Nothing here works without the line. */
export interface MemberDesk {
  /**
   * Finds who has this number; with his consent registers who has not. Errors:
   * `member-consent-missing`, the line's.
   */
  readonly byPhone: (wanted: MemberWanted) => Promise<Result<MemberView, ErrorCode>>;
  /** Reads a member code: verified by the cloud, not consumed. */
  readonly byCode: (code: string) => Promise<Result<MemberView, CloudFailure>>;
  /** Sets vouchers aside for one order. */
  readonly reserve: (sale: {
    readonly orderId: OrderId;
    readonly memberId: string;
    readonly amountFen: number;
  }) => Promise<Result<Reservation, ErrorCode>>;
  /**
   * Lets go of what one order held. The cloud gives back what an order held whenever vouchers are asked for anew under
   * its id; for the smallest amount there is, the share of vouchers is nothing. What does not arrive lapses by itself.
   */
  readonly giveBack: (held: {
    readonly orderId: OrderId;
    readonly memberId: string;
  }) => Promise<void>;
}

/** A cashier waits for these with a customer in front of him. */
const deskTimeoutMs = 5_000;
const smallestAmountFen = 1;

export function createMemberDesk(cloud: CloudClient): MemberDesk {
  return {
    byPhone: async ({ phone, consent }) => {
      const answer = await cloud.call({
        method: 'POST',
        path: '/v1/members',
        body: {
          phone,
          ...(consent === undefined ? {} : { consent: { ...consent, words: memberConsentWords } }),
        },
        answer: MemberViewSchema,
        timeoutMs: deskTimeoutMs,
      });
      if (answer.ok) return answer;
      return err(answer.error.sent === 'no' ? 'needs-network' : answer.error.code);
    },
    byCode: (code) =>
      cloud.call({
        method: 'POST',
        path: '/v1/members/resolve',
        body: { code },
        answer: MemberViewSchema,
        timeoutMs: deskTimeoutMs,
      }),
    reserve: async (sale) => {
      const answer = await cloud.call({
        method: 'POST',
        path: '/v1/voucher-reservations',
        body: sale,
        answer: ReservationSchema,
        timeoutMs: deskTimeoutMs,
      });
      if (answer.ok) return ok(answer.value);
      return err(answer.error.code === 'member-frozen' ? 'member-frozen' : 'voucher-unavailable');
    },
    giveBack: async ({ orderId, memberId }) => {
      await cloud.call({
        method: 'POST',
        path: '/v1/voucher-reservations',
        body: { orderId, memberId, amountFen: smallestAmountFen },
        answer: ReservationSchema,
        timeoutMs: deskTimeoutMs,
      });
    },
  };
}
