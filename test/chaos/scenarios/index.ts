/** Every kind of fault. */
import { DATA_SCENARIOS, MONGO_KILLED } from './data.ts'
import { LINK_SCENARIOS } from './links.ts'
import { PROCESS_SCENARIOS } from './processes.ts'
import type { Scenario } from './scenario.ts'
import { TIER_SCENARIOS } from './tiers.ts'
import { WHATSAPP_SCENARIOS } from './whatsapp.ts'

export type { Scenario, Struck } from './scenario.ts'

export const SCENARIOS: readonly Scenario[] = [
  ...PROCESS_SCENARIOS,
  ...LINK_SCENARIOS,
  ...WHATSAPP_SCENARIOS,
  ...DATA_SCENARIOS,
  MONGO_KILLED,
  ...TIER_SCENARIOS,
]

/** What is possible: a MongoDB that was given is not ours to kill. */
export function scenariosFor(mongoIsOurs: boolean): readonly Scenario[] {
  return mongoIsOurs ? SCENARIOS : SCENARIOS.filter((one) => one !== MONGO_KILLED)
}
