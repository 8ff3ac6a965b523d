import { type CommandName, type CommandRequest, type CommandResponse, WarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Protection } from '../protection/index.ts'
import type { Session } from '../session/session.ts'
import type { Snapshots } from '../snapshots/index.ts'
import type { Committer } from '../store/committer.ts'
import type { Transfer } from '../transfer/index.ts'
import type { AddressBook } from '../whatsapp/addresses.ts'
import type { Messenger } from '../whatsapp/messenger.ts'
import type { PasskeyPairing } from '../whatsapp/passkey/index.ts'

/** What commands work with. */
export type CommandContext = {
  readonly session: Session
  readonly committer: Pick<Committer, 'flush'>
  readonly messenger: () => Messenger | undefined
  /** The passkey step of the present connection. */
  readonly passkey: () => PasskeyPairing | undefined
  readonly transfer: Transfer
  readonly snapshots: Snapshots
  readonly protection: Protection
  readonly addresses: AddressBook
  readonly clock: Clock
  /** The QR or code of a pairing by number is refused for other numbers. */
  readonly onlyPhone?: string
}

export type Handler<C extends CommandName> = (
  request: CommandRequest<C>,
  context: CommandContext,
) => Promise<CommandResponse<C>> | CommandResponse<C>

/**
 * What asks WhatsApp now.
 * @throws WarrenError `not_paired` or `not_connected`
 */
export function connected({ messenger, session }: CommandContext): Messenger {
  const found = messenger()
  if (found) return found
  throw new WarrenError(session.account() ? 'not_connected' : 'not_paired')
}
