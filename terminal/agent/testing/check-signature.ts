import { createHash, createPublicKey, verify } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { signatureBase } from '#shared/wire/v1/signing.ts';

/** Why a request is not signed by this terminal; undefined when it is. */
export function checkSignature(
  request: IncomingMessage,
  raw: Buffer,
  { publicKey, nowSeconds }: { publicKey: string; nowSeconds: number },
): string | undefined {
  const header = (name: string): string => String(request.headers[name] ?? '');
  const contentDigest = `sha-256=:${createHash('sha256').update(raw).digest('base64')}:`;
  if (header('content-digest') !== contentDigest) return 'digest-mismatch';
  const input = /created=(\d+);nonce="([^"]+)";keyid="([^"]+)"/.exec(header('signature-input'));
  if (!input) return 'signature-missing';
  const [, created = '', nonce = '', keyId = ''] = input;
  if (Math.abs(nowSeconds - Number(created)) > 300) return 'signature-stale';
  const text = signatureBase({
    method: request.method ?? '',
    targetUri: `http://${header('host')}${request.url ?? ''}`,
    contentDigest,
    terminalSeq: Number(header('x-terminal-seq')),
    created: Number(created),
    nonce,
    keyId,
  });
  const key = createPublicKey({
    key: Buffer.concat([
      Buffer.from('302a300506032b6570032100', 'hex'),
      Buffer.from(publicKey, 'base64url'),
    ]),
    format: 'der',
    type: 'spki',
  });
  const signature = Buffer.from(header('signature').replace(/^sig1=:(.*):$/, '$1'), 'base64');
  return verify(null, Buffer.from(text), key, signature) ? undefined : 'signature-invalid';
}
