import type { KeyObject } from 'node:crypto';
import type { FaceHouse } from '#cloud/channel-simulator/face.ts';
import type { WechatCaller } from '#cloud/channel-simulator/faces/wechat/guard.ts';
import type { Parties } from '#cloud/channel-simulator/faces/wechat/requests.ts';
import type { Spoken } from '#cloud/channel-simulator/faces/wechat/words.ts';

export interface WechatFaceOptions {
  /** Who may call, by mchid. */
  readonly callers: ReadonlyMap<string, WechatCaller>;
  /** Keys that sign answers, by serial; the caller names one, else the first is taken. */
  readonly platform: ReadonlyMap<string, KeyObject>;
  readonly apiV3Key: string;
  readonly appid: string;
  /** A reversal is refused earlier than this after the charge. Default 15 s. */
  readonly reverseNotBeforeMs?: number;
}

/** A verified request. */
export interface Call {
  readonly house: FaceHouse;
  readonly options: WechatFaceOptions;
  /** The mchid whose signature it bears. */
  readonly caller: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly nowMs: number;
}

export interface WechatRoute {
  readonly method: 'GET' | 'POST';
  /** Fastify's spelling. */
  readonly path: string;
  readonly handle: (call: Call) => Spoken & { readonly isUnsigned?: boolean };
}

/** The merchant a request is about, when its caller may speak for him; else undefined. */
export function merchantOf(parties: Parties, caller: string): string | undefined {
  if (parties.sp_mchid !== undefined)
    return parties.sp_mchid === caller ? parties.sub_mchid : undefined;
  const named = parties.mchid ?? caller;
  return named === caller ? (parties.sub_mchid ?? caller) : undefined;
}

export const partiesOf = (query: URLSearchParams): Parties =>
  Object.fromEntries([...query].filter(([name]) => name.endsWith('mchid')));
