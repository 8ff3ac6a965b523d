import type { Address, InstanceId } from '@warren/contracts'
import { createFacts, NOW } from './facts.ts'
import { type Filed, fileAddress } from './file.ts'
import type { IdentityRepo } from './repo.ts'

/** Where an address belongs as of now. */
export type LookUpAddress = (organization: string, instance: InstanceId, address: Address) => Promise<Filed>

export function createLookUpAddress(identities: Pick<IdentityRepo, 'about'>): LookUpAddress {
  return async (organization, instance, address) => {
    const facts = await identities.about(organization, instance, {
      numbers: address.pn === undefined ? [] : [address.pn],
      lids: address.lid === undefined ? [] : [address.lid],
    })
    return fileAddress({ organization, instance }, createFacts(facts), address, NOW)
  }
}
