import { type BoundRoute, bind } from '../../http/index.ts'
import { getOrganization, updateOrganization } from './contract.ts'
import { presentOrganization } from './present.ts'
import type { OrganizationService } from './service.ts'

export function organizationRoutes(organizations: OrganizationService): BoundRoute[] {
  return [
    bind(getOrganization, async ({ principal }) =>
      presentOrganization(await organizations.get(principal.organization)),
    ),
    bind(updateOrganization, async ({ principal, body }) =>
      presentOrganization(await organizations.rename(principal.organization, body.name)),
    ),
  ]
}
