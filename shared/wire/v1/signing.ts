/**
 * Signed requests: RFC 9421 HTTP Message Signatures with Ed25519 over the method, the target URI, the digest of
 * the body as sent (RFC 9530, after compression), and the terminal's request sequence number.
 *
 *   content-digest: sha-256=:BASE64:
 *   x-terminal-seq: 41
 *   signature-input: sig1=("@method" "@target-uri" "content-digest" "x-terminal-seq");created=…;nonce="…";keyid="trm_…";alg="ed25519"
 *   signature: sig1=:BASE64:
 *
 * A request is refused when `created` is more than 300 s away from the server's clock (the answer carries the
 * server's time, so that a till with a wrong clock corrects itself) or when its nonce was seen in the last 10 minutes.
 */
export const signatureAgeSecondsMax = 300;

export interface SignedParts {
  /** Upper case. */
  readonly method: string;
  /** The full URI as the client sees it, for example http://127.0.0.1:7300/v1/charges. */
  readonly targetUri: string;
  /** sha-256=:BASE64: of the body bytes as sent; of the empty body when there is none. */
  readonly contentDigest: string;
  readonly terminalSeq: number;
  /** Seconds since 1970. */
  readonly created: number;
  /** 16..64 characters of [A-Za-z0-9_-]. */
  readonly nonce: string;
  readonly keyId: string;
}

/** The parameters as they stand after `sig1=` in the signature-input header. */
export function signatureParams(parts: SignedParts): string {
  return (
    `("@method" "@target-uri" "content-digest" "x-terminal-seq")` +
    `;created=${parts.created};nonce="${parts.nonce}";keyid="${parts.keyId}";alg="ed25519"`
  );
}

/** The text that is signed: RFC 9421 section 2.5. */
export function signatureBase(parts: SignedParts): string {
  return [
    `"@method": ${parts.method}`,
    `"@target-uri": ${parts.targetUri}`,
    `"content-digest": ${parts.contentDigest}`,
    `"x-terminal-seq": ${parts.terminalSeq}`,
    `"@signature-params": ${signatureParams(parts)}`,
  ].join('\n');
}

/** What the proof of an activation signs. */
export const activationProofText = (code: string, publicKey: string): string =>
  `greentill/activate/1\n${code}\n${publicKey}`;

/** What the proof of a change of keys signs, with the new key: it takes the place of `oldPublicKey`. */
export const rotationProofText = (change: {
  readonly terminalId: string;
  readonly oldPublicKey: string;
  readonly publicKey: string;
}): string =>
  `greentill/rotate/1\n${change.terminalId}\n${change.oldPublicKey}\n${change.publicKey}`;

/** What a change of the cloud's configuration key signs, with the key before it: `toKey` takes its place. */
export const signingKeyChangeText = (change: {
  readonly fromKey: string;
  readonly toKey: string;
  readonly notBeforeMs: number;
}): string => `greentill/config-key/1\n${change.fromKey}\n${change.toKey}\n${change.notBeforeMs}`;
