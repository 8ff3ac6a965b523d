/** Account protection: what a session tells of it, resuming, and the history of alerts. */
import { type ApiModule, bind, presentPage } from '../../http/index.ts'
import { getProtection, listIncidents, resumeSending } from './contract.ts'
import { presentIncident, presentReport } from './present.ts'
import type { ProtectionService } from './service.ts'

export { createIncidentRepo, type IncidentCollection, type IncidentDoc, incidentCollection } from './repo.ts'
export { createProtectionService, type ProtectionService } from './service.ts'

export function createProtectionModule(protection: ProtectionService): ApiModule {
  return {
    name: 'protection',
    routes: [
      bind(getProtection, async ({ principal, params }) =>
        presentReport(await protection.get(principal.organization, params.instance)),
      ),
      bind(resumeSending, async ({ principal, params }) =>
        presentReport(await protection.resume(principal.organization, params.instance)),
      ),
      bind(listIncidents, async ({ principal, params, query }) =>
        presentPage(
          await protection.incidents(principal.organization, params.instance, query),
          presentIncident,
        ),
      ),
    ],
  }
}
