/** All commands, in the order of the help. */
import type { Command } from '../command.ts'
import { logout, restart, resume, suspend } from './act.ts'
import { completionOf } from './completion.ts'
import { create } from './create.ts'
import { events } from './events.ts'
import { list } from './list.ts'
import { login } from './login.ts'
import { logs } from './logs.ts'
import { pair } from './pair.ts'
import { qr } from './qr.ts'
import { send } from './send.ts'
import { restore, snapshots } from './snapshots.ts'
import { status } from './status.ts'
import { version } from './version.ts'

export const COMMANDS: readonly Command[] = [
  ...[list, create, status],
  ...[qr, pair, logout],
  ...[send, events, logs],
  ...[restart, suspend, resume],
  ...[snapshots, restore],
  ...[login, completionOf(() => COMMANDS), version],
]
