import { createHubDialect, type HubConfig } from '#drivers/ecr/ecr-hub/hub-dialect.ts';
import { createBox, type BoxDeps } from '#drivers/ecr/session/box-session.ts';
import type { BoxPos } from '#drivers/ecr/box-pos.ts';

/** A box on an ECR-Hub line: serial 115200 8N1, or the same bytes over TCP. */
export function createEcrHubBox(deps: BoxDeps & { readonly hub: HubConfig }): BoxPos {
  return createBox(deps, createHubDialect(deps.hub));
}
