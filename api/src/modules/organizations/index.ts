/** The organisation of the caller. Every other module keeps its rows under it. */
import type { ApiModule } from '../../http/index.ts'
import { organizationRoutes } from './routes.ts'
import type { OrganizationService } from './service.ts'

export { organizationName, organizationSchema } from './contract.ts'
export { presentOrganization } from './present.ts'
export { createOrganizationRepo, type Organization, PLANS, type Plan } from './repo.ts'
export { createOrganizationService, type OrganizationService } from './service.ts'

export function createOrganizationsModule(organizations: OrganizationService): ApiModule {
  return { name: 'organizations', routes: organizationRoutes(organizations) }
}
