/** One person has two addresses: what is known of that, and where an address therefore belongs. */
export { createFacts, type Facts, NOW, type Pair } from './facts.ts'
export { type Filed, type Forms, fileAddress } from './file.ts'
export { createLookUpAddress, type LookUpAddress } from './look-up.ts'
export { createIdentityRepo, type IdentityDoc, type IdentityRepo, identityOf } from './repo.ts'
