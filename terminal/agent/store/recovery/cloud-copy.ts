import { systemClock, systemRandom, systemTimers } from '#drivers/core/system-ports.ts';
import {
  ClosingAnswerSchema,
  OwnEntriesAnswerSchema,
  OwnEpochsAnswerSchema,
} from '#shared/wire/v1/own-journal.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, ok } from '#shared/result/result.ts';
import type { WireEntry } from '#shared/wire/v1/journal.ts';
import type { DeviceKey } from '#terminal/agent/identity/device-key.ts';
import type { CloudCopy } from '#terminal/agent/store/recovery/recover.ts';
import {
  createCloudClient,
  type CloudClient,
  type CloudFailure,
} from '#terminal/agent/uplink/cloud-client.ts';

/** At most so many pages of 500 entries: more than a till writes in years. */
const pagesMax = 20_000;

/** What the cloud has of this till, asked for as the till itself: signed with its key. */
export const cloudCopyOf = (cloud: Pick<CloudClient, 'call'>): CloudCopy => ({
  epochs: async () => {
    const answer = await cloud.call({
      method: 'GET',
      path: '/v1/journal/epochs',
      answer: OwnEpochsAnswerSchema,
    });
    return answer.ok ? ok(answer.value.epochs) : err(silenceOf(answer.error));
  },
  entries: async (epoch, afterSeq) => {
    const all: WireEntry[] = [];
    for (let page = 0; page < pagesMax; page += 1) {
      const after = all.at(-1)?.seq ?? afterSeq;
      const answer = await cloud.call({
        method: 'GET',
        path: `/v1/journal/entries?epoch=${epoch}&after=${after}`,
        answer: OwnEntriesAnswerSchema,
      });
      if (!answer.ok) return err(silenceOf(answer.error));
      all.push(...answer.value.entries);
      if (!answer.value.more || answer.value.entries.length === 0) return ok(all);
    }
    return err('cloud-answer-invalid');
  },
  close: async (epochs) => {
    const answer = await cloud.call({
      method: 'POST',
      path: '/v1/journal/closings',
      body: { epochs },
      answer: ClosingAnswerSchema,
    });
    return answer.ok ? answer : err(silenceOf(answer.error));
  },
});

/**
 * Why the cloud gave nothing: its own words, where it spoke at all. A closing that it did not
 * answer may stand there.
 */
const silenceOf = ({ code, status }: CloudFailure): ErrorCode =>
  status === undefined && code !== 'cloud-timeout' ? 'cloud-unreachable' : code;

/** A line to the cloud for one recovery; a till runs none meanwhile. */
export const recoveryClient = (till: {
  readonly cloudUrl: string;
  readonly key: DeviceKey;
  readonly terminalId: string;
}): CloudClient =>
  createCloudClient({
    cloudUrl: till.cloudUrl,
    key: till.key,
    terminalId: () => till.terminalId,
    clock: systemClock,
    random: systemRandom,
    timers: systemTimers,
    fetch: globalThis.fetch,
    onOutcome: () => undefined,
    onIdentityEvidence: () => undefined,
  });
