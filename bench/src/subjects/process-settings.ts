/** How Warren starts the Node process of a session; given to bare Baileys as well where like is compared with like. */
import { SESSION_NODE_ENV, SESSION_NODE_FLAGS } from '@warren/session-pod'

export type ProcessSettings = {
  readonly flags: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** `Error.stackTraceLimit`: Baileys builds an error for every frame. */
  readonly stackTraceLimit: number
}

export const SESSION_SETTINGS: ProcessSettings = {
  flags: SESSION_NODE_FLAGS,
  env: SESSION_NODE_ENV,
  stackTraceLimit: 0,
}
