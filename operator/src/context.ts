import type { CommandName, CommandRequest, CommandResponse, InstanceId } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Cluster } from '@warren/runtime/cluster'
import type { SealingKey } from '@warren/runtime/crypto'
import type { Logger } from '@warren/runtime/logger'
import type { SessionReader, SessionRemover } from '@warren/runtime/session-store'
import type { SessionPodTemplate } from './pods/session-pod.ts'

/** Asks a running session. Throws `session_unavailable`, `session_timeout` or the session's own error. */
export type SessionCaller = {
  call<C extends CommandName>(
    instance: InstanceId,
    command: C,
    request: CommandRequest<C>,
  ): Promise<CommandResponse<C>>
}

/** What every controller works with. */
export type OperatorContext = {
  readonly cluster: Cluster
  readonly sessions: Pick<SessionReader, 'session' | 'sessions'> & SessionRemover
  readonly caller: SessionCaller
  readonly template: SessionPodTemplate
  /** From which the instances' keys are derived. */
  readonly masterKey: SealingKey
  readonly clock: Clock
  readonly logger: Logger
}
