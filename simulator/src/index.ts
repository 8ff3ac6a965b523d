/** An open WhatsApp server for machines. Start with {@link createSimulator}; README.md has the tour. */
export { createSimulatorClient } from './control/client.ts'
export type * from './control/types.ts'
export { type RedirectableBaileys, redirect } from './redirect.ts'
export {
  createSimulator,
  type Simulator,
  type SimulatorAddresses,
  type SimulatorOptions,
} from './simulator.ts'
export { Refusal, type RefusalCode } from './world/errors.ts'
