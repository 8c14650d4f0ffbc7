import { createHash } from 'node:crypto';
import { parseId, type TerminalId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import {
  signatureAgeSecondsMax,
  signatureBase,
  type SignedParts,
} from '#shared/wire/v1/signing.ts';
import { verifyText } from '#cloud/identity/ed25519.ts';

/** What of a request the signature covers, as the server saw it. */
export interface ReceivedRequest {
  readonly method: string;
  readonly targetUri: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body exactly as sent (compressed if it was); empty when there is none. */
  readonly rawBody: Buffer;
}

export type SignatureError =
  | { readonly type: 'signature-missing' }
  | { readonly type: 'signature-invalid'; readonly why: string }
  | { readonly type: 'digest-mismatch' }
  | { readonly type: 'signature-stale'; readonly serverMs: number };

export interface SignatureClaim {
  readonly parts: SignedParts;
  readonly terminalId: TerminalId;
  readonly signature: Buffer;
}

const inputPattern =
  /^sig1=\("@method" "@target-uri" "content-digest" "x-terminal-seq"\);created=(\d{1,12});nonce="([A-Za-z0-9_-]{16,64})";keyid="(trm_[0-9A-Z]{26})";alg="ed25519"$/;
const signaturePattern = /^sig1=:([A-Za-z0-9+/]{86}==):$/;
const seqPattern = /^\d{1,15}$/;
const msPerSecond = 1000;

/**
 * Reads the signature headers (RFC 9421, the one profile of shared/wire/v1/signing.ts) and checks everything that
 * needs no key, in this order: shape of the headers, digest of the body (RFC 9530), age.
 */
export function readSignature(
  request: ReceivedRequest,
  nowMs: number,
): Result<SignatureClaim, SignatureError> {
  const header = (name: string) => {
    const value = request.headers[name];
    return typeof value === 'string' ? value : '';
  };
  if (header('signature-input') === '' && header('signature') === '') {
    return err({ type: 'signature-missing' });
  }
  const input = inputPattern.exec(header('signature-input'));
  const signature = signaturePattern.exec(header('signature'));
  const seq = header('x-terminal-seq');
  if (input === null) return invalid('signature-input');
  if (signature === null) return invalid('signature');
  if (!seqPattern.test(seq)) return invalid('x-terminal-seq');
  const [, created = '', nonce = '', keyId = ''] = input;
  const terminalId = parseId('trm', keyId);
  if (terminalId === undefined) return invalid('keyid');
  const contentDigest = digestOf(request.rawBody);
  if (header('content-digest') !== contentDigest) return err({ type: 'digest-mismatch' });
  const ageSeconds = Math.abs(nowMs / msPerSecond - Number(created));
  if (ageSeconds > signatureAgeSecondsMax) {
    return err({ type: 'signature-stale', serverMs: nowMs });
  }
  return ok({
    parts: {
      method: request.method,
      targetUri: request.targetUri,
      contentDigest,
      terminalSeq: Number(seq),
      created: Number(created),
      nonce,
      keyId,
    },
    terminalId,
    signature: Buffer.from(signature[1] ?? '', 'base64'),
  });
}

const invalid = (why: string) => err({ type: 'signature-invalid' as const, why });

/** True when `publicKey` signed exactly this request. */
export const isSignedBy = (claim: SignatureClaim, publicKey: string): boolean =>
  verifyText({ publicKey, text: signatureBase(claim.parts), signature: claim.signature });

/** The content-digest header of a body as sent. */
export const digestOf = (rawBody: Buffer): string =>
  `sha-256=:${createHash('sha256').update(rawBody).digest('base64')}:`;
