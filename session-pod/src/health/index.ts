/** Whether the open connection is well, and what its phone is up to. */
export type { Observation, RenewalCause } from './decide.ts'
export { createHealth, type Health } from './health.ts'
export { createHearing, type HeardStanza, type Hearing } from './hearing.ts'
export { createPhoneWatch, type PhoneWatch } from './phone.ts'
