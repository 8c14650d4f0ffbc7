import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';

/**
 * The app as every `registerXRoutes(app, deps)` sees it: schemas give the types of body, query and
 * answer.
 *
 * Who may call a route (identity/access.ts) follows from its path unless the route says otherwise:
 * `/admin/…` the operator's token, everything else a signed terminal;
 * `config: { access: 'public' }` opens it.
 */
export type CloudApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;
