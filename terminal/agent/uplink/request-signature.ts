import { createHash } from 'node:crypto';
import { signatureBase, signatureParams, type SignedParts } from '#shared/wire/v1/signing.ts';
import type { Signer } from '#terminal/agent/identity/device-key.ts';

export interface RequestToSign {
  readonly method: 'GET' | 'POST';
  readonly targetUri: string;
  /** The body as sent; empty when there is none. */
  readonly body: Uint8Array;
  readonly terminalSeq: number;
  /** Seconds since 1970, corrected to the cloud's clock. */
  readonly created: number;
  readonly nonce: string;
  readonly terminalId: string;
}

/** The four headers that make a request this till's own (shared/wire/v1/signing.ts). */
export function signatureHeaders(
  request: RequestToSign,
  key: Signer,
): Readonly<Record<string, string>> {
  const contentDigest = `sha-256=:${createHash('sha256').update(request.body).digest('base64')}:`;
  const parts: SignedParts = {
    method: request.method,
    targetUri: request.targetUri,
    contentDigest,
    terminalSeq: request.terminalSeq,
    created: request.created,
    nonce: request.nonce,
    keyId: request.terminalId,
  };
  return {
    'content-digest': contentDigest,
    'x-terminal-seq': String(request.terminalSeq),
    'signature-input': `sig1=${signatureParams(parts)}`,
    signature: `sig1=:${key.sign(signatureBase(parts)).toString('base64')}:`,
  };
}
