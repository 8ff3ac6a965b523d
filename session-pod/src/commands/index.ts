/** Requests to the running session, one file each. A name of the contract without a handler does not compile. */
import {
  CHANNELS,
  COMMANDS,
  type CommandMap,
  type CommandName,
  type SessionKey,
  WarrenError,
} from '@warren/contracts'
import type { Bus, Subscription } from '@warren/runtime/bus'
import { optIn } from './contact-opt-in.ts'
import type { CommandContext, Handler } from './context.ts'
import { markRead } from './mark-read.ts'
import { checkNumbers } from './numbers-check.ts'
import { assertPasskey, confirmPasskey } from './pairing-passkey.ts'
import { resumeSending } from './protection-resume.ts'
import { protectionStatus } from './protection-status.ts'
import { listQueue } from './queue-list.ts'
import { disconnect } from './session-disconnect.ts'
import { logout } from './session-logout.ts'
import { pair } from './session-pair.ts'
import { restart } from './session-restart.ts'
import { listSnapshots, restoreSnapshot } from './session-snapshots.ts'
import { status } from './session-status.ts'
import { box, exportSession, importSession } from './session-transfer.ts'

export type { CommandContext } from './context.ts'

const HANDLERS: { readonly [C in CommandName]: Handler<C> } = {
  'session.box': box,
  'session.export': exportSession,
  'session.import': importSession,
  'session.pair': pair,
  'pairing.passkey.assert': assertPasskey,
  'pairing.passkey.confirm': confirmPasskey,
  'session.status': status,
  'session.logout': logout,
  'session.snapshots': listSnapshots,
  'session.restore': restoreSnapshot,
  'session.restart': restart,
  'session.disconnect': disconnect,
  'message.markRead': markRead,
  'numbers.check': checkNumbers,
  'protection.status': protectionStatus,
  'protection.resume': resumeSending,
  'queue.list': listQueue,
  'contact.optIn': optIn,
}

/**
 * Checks and runs one command.
 * @throws WarrenError `not_found` for an unknown name, `validation_failed` for a bad request, and what the handler throws
 */
export async function runCommand(context: CommandContext, call: unknown): Promise<unknown> {
  const { command, request } = (call ?? {}) as { command?: unknown; request?: unknown }
  if (typeof command !== 'string' || !Object.hasOwn(HANDLERS, command))
    throw new WarrenError('not_found', `there is no command ${String(command)}`)
  return run(command as CommandName, request, context)
}

async function run<C extends CommandName>(
  name: C,
  request: unknown,
  context: CommandContext,
): Promise<unknown> {
  const { value, error } = COMMANDS[name].request.validate(request ?? {}, { abortEarly: false })
  if (error) {
    const fields = error.details.map(({ path, message }) => ({ path: path.join('.'), message }))
    throw new WarrenError('validation_failed', undefined, { details: { fields } })
  }
  return HANDLERS[name](value as CommandMap[C]['request'], context)
}

/** Serves the commands of a session. */
export function serveCommands(bus: Bus, session: SessionKey, context: CommandContext): Subscription {
  return bus.serve(CHANNELS.commands(session), (call) => runCommand(context, call))
}
