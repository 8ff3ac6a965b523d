import type { Clock } from '@warren/runtime/clock'
import type { Cluster } from '@warren/runtime/cluster'
import type { SealingKey } from '@warren/runtime/crypto'
import type { Logger } from '@warren/runtime/logger'
import type { SessionCalls } from '@warren/runtime/session-calls'
import type { LimitReader, SessionReader, SessionRemover } from '@warren/runtime/session-store'
import type { Admission } from './admission/admission.ts'
import type { Fleet } from './fleet/fleet.ts'
import type { FleetMetrics } from './fleet/metrics.ts'
import type { PreparedTemplate } from './pods/template.ts'
import type { Verdicts } from './pods/verdicts.ts'
import type { Roll } from './roll/roll.ts'

/** What every controller works with. */
export type OperatorContext = {
  readonly cluster: Cluster
  readonly sessions: Pick<SessionReader, 'session' | 'sessions'> & SessionRemover & LimitReader
  readonly calls: SessionCalls
  readonly template: PreparedTemplate
  /** From which the instances' keys are derived. */
  readonly masterKey: SealingKey
  readonly clock: Clock
  readonly logger: Logger
  readonly admission: Admission
  readonly roll: Roll
  readonly fleet: Fleet
  readonly metrics: FleetMetrics
  readonly verdicts: Verdicts
  /** What is in an instance's way has changed: its status has to tell. */
  readonly onVerdict: (key: string) => void
}
