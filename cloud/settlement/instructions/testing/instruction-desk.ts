import { personOf } from '#cloud/persons/person-door.ts';
import { makePerson, personAgeMsMin } from '#cloud/persons/operator-persons.ts';
import { createHttpShell } from '#cloud/platform/http/http-shell.ts';
import { registerInstructionRoutes } from '#cloud/settlement/instructions/instruction-routes.ts';
import { plantPayee } from '#cloud/settlement/instructions/payees/testing/plant-payee.ts';
import {
  createInstructionBench,
  type InstructionBench,
} from '#cloud/settlement/instructions/testing/instruction-bench.ts';

interface Said {
  readonly statusCode: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * The admin routes of instructions over an instruction bench, two people who may decide there, and
 * the shop's account.
 */
export interface InstructionDesk {
  readonly bench: InstructionBench;
  readonly keys: readonly [string, string];
  /** Without a token of its own a call carries the operator's; without a key nobody's. */
  readonly call: (
    method: 'GET' | 'POST' | 'PUT',
    url: string,
    options?: { readonly payload?: object; readonly key?: string; readonly token?: string },
  ) => Promise<Said>;
  readonly exceptions: () => Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** The first person decides, unless another key is given. */
  readonly decide: (no: unknown, payload: object, key?: string) => Promise<Said>;
  /** The second person confirms, unless another key is given. */
  readonly confirm: (no: unknown, key?: string) => Promise<Said>;
  readonly close: () => Promise<void>;
}

/** What somebody who paid by hand has to show. */
export const evidence = '已由备付账户网银支付，回单见附件';
export const moved = { how: 'moved', evidence, ref: 'BANK20260921-1' };

export async function openInstructionDesk(): Promise<InstructionDesk> {
  const bench = await createInstructionBench();
  const { cloud, clock, deps } = bench.pay;
  const app = await createHttpShell(cloud.deps);
  registerInstructionRoutes(app, {
    ...cloud.deps,
    channels: deps.channels,
    personOf: (headers) => personOf(cloud.deps, headers),
  });
  await plantPayee(cloud.deps, bench.pay.till.merchantId);
  const [one, two] = [await makePerson(cloud.deps, '甲'), await makePerson(cloud.deps, '乙')];
  clock.advance(personAgeMsMin);
  const call: InstructionDesk['call'] = async (method, url, options = {}) => {
    const token = options.token ?? cloud.deps.operatorToken;
    const answer = await app.inject({
      method,
      url: `/admin/v1/${url}`,
      headers: {
        authorization: `Bearer ${token}`,
        ...(options.key === undefined ? {} : { 'x-person-key': options.key }),
      },
      ...(options.payload === undefined ? {} : { payload: options.payload }),
    });
    return { statusCode: answer.statusCode, body: answer.json() };
  };
  return {
    bench,
    keys: [one.key, two.key],
    call,
    exceptions: async () => {
      const { body } = await call('GET', 'instructions?state=exceptions');
      return body['instructions'] as readonly Readonly<Record<string, unknown>>[];
    },
    decide: (no, payload, key = one.key) =>
      call('POST', `instructions/${String(no)}/decision`, { payload, key }),
    confirm: (no, key = two.key) =>
      call('POST', `instructions/${String(no)}/decision/confirm`, {
        payload: { note: '看过了' },
        key,
      }),
    close: async () => {
      await app.close();
      await bench.pay.close();
    },
  };
}
