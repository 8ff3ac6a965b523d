import type { Api } from '@warren/api'
import { isWarrenError } from '@warren/contracts'
import type { DataFolder } from './data-folder.ts'

/** Whoever runs this machine, as the API knows them. */
export type Owner = { readonly email: string; readonly password: string; readonly organization: string }

/** The organisation of the demonstration's resources. */
export const ORGANIZATION = 'demo'
const EMAIL = 'owner@example.com'

/** Makes the first user at the first start; the password is generated and kept in the data folder. */
export async function ensureOwner(api: Api, folder: DataFolder): Promise<Owner> {
  const password = (await folder.secret('owner-password')).toString('base64url').slice(0, 20)
  try {
    await api.createOwner({ email: EMAIL, password, organization: ORGANIZATION, name: 'Owner', plan: 'max' })
  } catch (error) {
    if (!isWarrenError(error, 'already_exists')) throw error
  }
  return { email: EMAIL, password, organization: ORGANIZATION }
}
