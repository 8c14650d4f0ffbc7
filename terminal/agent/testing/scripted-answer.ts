export interface ScriptedAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A refusal as the cloud words it (application/problem+json). */
export const problem = (status: number, code: string, more: object = {}): ScriptedAnswer => ({
  status,
  body: { type: `/errors#${code}`, title: code, status, code, retryable: false, ...more },
});
