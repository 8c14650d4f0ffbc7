import type { FastifyRequest } from 'fastify';
import { assert } from '#shared/result/assert.ts';
import {
  HeartbeatAnswerSchema,
  HeartbeatSchema,
  type Heartbeat,
  type HeartbeatAnswer,
} from '#shared/wire/v1/journal.ts';
import {
  ActivationAnswerSchema,
  ActivationRequestSchema,
  RotationAnswerSchema,
  RotationRequestSchema,
  SignedConfigSchema,
} from '#shared/wire/v1/terminals.ts';
import { activateTerminal } from '#cloud/identity/activate.ts';
import { recordHeartbeat, type HeardHeartbeat } from '#cloud/identity/heartbeat.ts';
import { rotateKey } from '#cloud/identity/rotate-key.ts';
import { raiseAlarms } from '#cloud/identity/terminal-alarms.ts';
import { configAndSigner, signedConfig } from '#cloud/identity/terminal-config.ts';
import { terminalOf, type TerminalIdentity } from '#cloud/identity/terminal-identity.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';

/** Per address: codes of 60 bits cannot be guessed, but nobody needs to try often either. */
const activationsPerWindow = 30;
const activationWindowMs = 15 * 60_000;

/** Activation, configuration and heartbeat of terminals. */
export function registerIdentityRoutes(app: CloudApp, deps: CloudDeps): void {
  registerActivation(app, deps);
  registerRotation(app, deps);
  registerHeartbeat(app, deps);
  app.get(
    '/v1/terminals/me/config',
    {
      schema: {
        summary: 'The configuration of the asking till, signed',
        response: { 200: SignedConfigSchema },
      },
    },
    async (request) => {
      const config = await signedConfig(deps, terminalOf(request), originOf(request));
      assert(config !== undefined, () => 'a terminal without a store');
      return config;
    },
  );
}

function registerHeartbeat(app: CloudApp, deps: CloudDeps): void {
  app.post(
    '/v1/heartbeats',
    {
      // A revoked till whose disk was put back must not lose its tail in silence: what it says is kept, then refused.
      config: { access: 'terminal-even-revoked' },
      attachValidation: true,
      schema: {
        summary: 'A till tells how it is',
        body: HeartbeatSchema,
        response: { 200: HeartbeatAnswerSchema },
      },
    },
    async (request, reply) => {
      const terminal = terminalOf(request);
      const { validationError } = request;
      if (validationError !== undefined && !terminal.revoked) throw validationError;
      const heard =
        validationError === undefined ? await hear(deps, terminal, request.body) : undefined;
      if (terminal.revoked || heard === undefined)
        return sendProblem(reply, { status: 403, code: 'terminal-revoked' });
      const { configVersion, catalogueVersion, ownerChangeNo } = heard;
      const wish = {
        ...(catalogueVersion === undefined ? {} : { catalogueVersion }),
        ...(heard.rotateKey ? { rotateKey: true } : {}),
        ...(ownerChangeNo === undefined ? {} : { ownerChangeNo }),
      };
      const answer: HeartbeatAnswer = { serverMs: deps.clock.nowMs(), configVersion, ...wish };
      return reply.send(answer);
    },
  );
}

async function hear(
  deps: CloudDeps,
  terminal: TerminalIdentity,
  heartbeat: Heartbeat,
): Promise<HeardHeartbeat> {
  const heard = await recordHeartbeat(deps, terminal, heartbeat);
  if (heard.findings.some(({ kind }) => kind === 'tail-lost')) deps.metrics.journalTailsLost.inc();
  await raiseAlarms(deps, terminal, heard.findings);
  return heard;
}

/** A till that changed its key asks with the new one: whoever asks with the old one for another is somebody else. */
const secondChange = {
  kind: 'clone' as const,
  subject: '',
  detail: 'a key that was replaced wanted to change again',
};

function registerRotation(app: CloudApp, deps: CloudDeps): void {
  app.post(
    '/v1/terminals/me/key',
    {
      schema: {
        summary: 'Change the key of the asking till',
        body: RotationRequestSchema,
        response: { 200: RotationAnswerSchema },
      },
    },
    async (request, reply) => {
      const terminal = terminalOf(request);
      const change = {
        request: request.body,
        signedWith: terminal.signedWith,
        nowMs: deps.clock.nowMs(),
      };
      const rotated = await deps.db.transaction((tx) => rotateKey(tx, terminal, change));
      if (rotated.ok) {
        // The key before last counts no more. The hint says so to the other nodes.
        deps.terminals.forget(terminal.terminalId);
        deps.hints.pull(terminal);
        return reply.send(rotated.value);
      }
      const code = rotated.error.type;
      if (code === 'key-rotation-refused') await raiseAlarms(deps, terminal, [secondChange]);
      return sendProblem(reply, { status: code === 'key-rotation-refused' ? 409 : 422, code });
    },
  );
}

function registerActivation(app: CloudApp, deps: CloudDeps): void {
  app.post(
    '/v1/terminals/activate',
    {
      config: {
        access: 'public',
        rateLimit: { max: activationsPerWindow, timeWindow: activationWindowMs },
      },
      schema: {
        summary: 'Make a till of a machine with an activation code',
        body: ActivationRequestSchema,
        response: { 200: ActivationAnswerSchema },
      },
    },
    async (request, reply) => {
      // A refused try is committed too: it is counted.
      const activated = await runScoped({ type: 'across', work: 'activation-by-code' }, () =>
        deps.db.transaction((tx) => activateTerminal(tx, request.body, deps)),
      );
      if (!activated.ok) return sendProblem(reply, { status: 422, code: activated.error.type });
      const { operatorId, terminalId } = activated.value;
      const signed = await runScoped({ type: 'operator', operatorId }, () =>
        configAndSigner(deps, activated.value, originOf(request)),
      );
      assert(signed !== undefined, () => `terminal ${terminalId} without a store`);
      return reply.send({
        terminalId,
        serverPublicKey: signed.signerKey,
        serverMs: deps.clock.nowMs(),
        config: signed.config,
      });
    },
  );
}

const originOf = (request: FastifyRequest): string => `${request.protocol}://${request.host}`;
