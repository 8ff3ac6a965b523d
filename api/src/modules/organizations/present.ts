import { type Organization, PLAN_LIMITS } from './repo.ts'

export function presentOrganization(organization: Organization) {
  return {
    id: organization._id,
    name: organization.name,
    plan: organization.plan,
    instanceLimit: PLAN_LIMITS[organization.plan],
    createdAt: organization.createdAt.toISOString(),
  }
}
