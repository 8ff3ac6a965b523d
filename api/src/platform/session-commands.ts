/** Calls to the session pod that holds an instance. */
import {
  CHANNELS,
  COMMANDS,
  type CommandCall,
  type CommandName,
  type CommandRequest,
  type CommandResponse,
  ERRORS,
  type ErrorCode,
  type ErrorDetails,
  type InstanceId,
  WarrenError,
} from '@warren/contracts'
import { type Bus, BusCallError } from '@warren/runtime/bus'

export type SessionCommands = {
  /**
   * @throws WarrenError `session_unavailable` when no pod serves the instance, `session_timeout`, `dependency_unavailable` while Redis is
   * away, and what the pod itself answers
   */
  call<C extends CommandName>(
    instance: InstanceId,
    command: C,
    request: CommandRequest<C>,
  ): Promise<CommandResponse<C>>
}

const CODES: Readonly<Record<BusCallError['kind'], ErrorCode>> = {
  'no-responder': 'session_unavailable',
  timeout: 'session_timeout',
  offline: 'dependency_unavailable',
  remote: 'internal',
}

export function createSessionCommands(bus: Bus): SessionCommands {
  return {
    async call<C extends CommandName>(instance: InstanceId, command: C, request: CommandRequest<C>) {
      const message = { command, request } as CommandCall
      try {
        const answer = await bus.call(CHANNELS.commands(instance), message, {
          timeoutMs: COMMANDS[command].timeoutMs,
        })
        return answer as CommandResponse<C>
      } catch (error) {
        throw error instanceof BusCallError ? translate(error) : error
      }
    },
  }
}

function translate(error: BusCallError): WarrenError {
  if (error.kind !== 'remote' || !Object.hasOwn(ERRORS, error.code))
    return new WarrenError(CODES[error.kind], undefined, { cause: error })
  return new WarrenError(error.code as ErrorCode, error.message, {
    cause: error,
    details: (error.details ?? {}) as ErrorDetails,
  })
}
