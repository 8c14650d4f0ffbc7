import { errorCatalogue, isErrorCode, type ErrorCode } from '#shared/errors/catalogue.ts';
import { forPeople } from '#terminal/agent/checkout/box/box-decisions.ts';

/**
 * What may be said about a charge whose outcome is open. Pure.
 *
 * The words of most codes tell how a request ended ("nothing was charged, take cash"). About a charge that may have
 * taken money they would be a lie, because there the request that failed was only the question. So only codes are left
 * that say "ask for the result first"; a line that is down gets words of its own, and everything else is left out: the
 * phase says enough.
 */
export function openChargeCode(code: string | undefined): ErrorCode | undefined {
  if (code === undefined || !isErrorCode(code)) return undefined;
  if (code === 'cloud-unreachable') return 'result-not-known-offline';
  return errorCatalogue[code].retry === 'query' ? code : undefined;
}

/**
 * The same about a sale at the box: what ails its cable says nothing of money and may be said, and
 * what people must look at.
 */
export function openBoxCode(code: string | undefined): ErrorCode | undefined {
  if (code === undefined || !isErrorCode(code)) return undefined;
  const isTold = code.startsWith('device-') || forPeople.has(code);
  return isTold || errorCatalogue[code].retry === 'query' ? code : undefined;
}
