import Type from 'typebox';
import { signedCataloguePage } from '#cloud/catalogue/catalogue-page.ts';
import { terminalOf } from '#cloud/identity/terminal-identity.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { CatalogueVersionSchema, SignedCataloguePageSchema } from '#shared/wire/v1/goods.ts';

/** GET /v1/catalogue?after=VERSION: the goods of the asking till's shop that changed since, signed. */
export function registerCatalogueRoutes(
  app: CloudApp,
  deps: Pick<CloudDeps, 'db' | 'keys' | 'clock'>,
): void {
  const schema = {
    summary: "Goods of the asking till's shop that changed after a version, signed",
    querystring: Type.Object({ after: CatalogueVersionSchema }, { additionalProperties: false }),
    response: { 200: SignedCataloguePageSchema },
  };
  app.get('/v1/catalogue', { schema }, (request) =>
    signedCataloguePage(deps, terminalOf(request), request.query.after),
  );
}
