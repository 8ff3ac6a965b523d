import type { Clock } from '@warren/runtime/clock'
import type { Cluster } from '@warren/runtime/cluster'
import type { SealingKey } from '@warren/runtime/crypto'
import type { Logger } from '@warren/runtime/logger'
import type { SessionCalls } from '@warren/runtime/session-calls'
import type { SessionReader, SessionRemover } from '@warren/runtime/session-store'
import type { PreparedTemplate } from './pods/template.ts'

/** What every controller works with. */
export type OperatorContext = {
  readonly cluster: Cluster
  readonly sessions: Pick<SessionReader, 'session' | 'sessions'> & SessionRemover
  readonly calls: SessionCalls
  readonly template: PreparedTemplate
  /** From which the instances' keys are derived. */
  readonly masterKey: SealingKey
  readonly clock: Clock
  readonly logger: Logger
}
