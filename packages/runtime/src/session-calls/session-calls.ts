/** Calls to the session pod that holds an instance: the bus with the commands' types, limits and errors. */
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
  type SessionKey,
  WarrenError,
} from '@warren/contracts'
import { type Bus, BusCallError } from '../bus/index.ts'

export type SessionCalls = {
  /**
   * @throws WarrenError `session_unavailable` when no pod serves the instance, `session_timeout`, `dependency_unavailable` while Redis is
   * away, and what the pod itself answers
   */
  call<C extends CommandName>(
    session: SessionKey,
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

export function createSessionCalls(bus: Pick<Bus, 'call'>): SessionCalls {
  return {
    async call<C extends CommandName>(session: SessionKey, command: C, request: CommandRequest<C>) {
      const message = { command, request } as CommandCall
      try {
        const answer = await bus.call(CHANNELS.commands(session), message, {
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
