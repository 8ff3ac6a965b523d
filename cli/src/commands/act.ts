/** Commands that ask for one change and say that it was taken. */
import { WarrenError } from '@warren/contracts'
import type { SessionAccess } from '../access/port.ts'
import type { Command } from '../command.ts'
import { NAME } from '../command.ts'
import { EXIT } from '../errors.ts'

type Act = {
  readonly name: string
  readonly summary: string
  readonly description?: string
  /** Does it, and tells in a word what was done. */
  act(access: SessionAccess, name: string): Promise<unknown>
  readonly done: string
}

const acting = ({ name, summary, description, act, done }: Act): Command => ({
  name,
  operands: [NAME],
  flags: {},
  reaches: true,
  summary,
  ...(description === undefined ? {} : { description }),
  examples: [`{wa} ${name} alice`],
  async run(call) {
    const instance = call.operand('NAME')
    await act(await call.open(), instance)
    call.print(`instance ${instance} ${done}`)
    return EXIT.ok
  },
})

export const restart = acting({
  name: 'restart',
  summary: 'Restart the session; the link to the phone stays',
  async act(access, name) {
    // The API takes it, and nothing would start.
    if ((await access.get(name)).operatingMode === 'Suspended') throw new WarrenError('suspended')
    return access.restart(name)
  },
  done: 'restarting',
})

export const logout = acting({
  name: 'logout',
  summary: 'End the link at WhatsApp',
  description:
    'The phone no longer lists the device, and a phone must be linked anew. The session must be connected.',
  act: (access, name) => access.logout(name),
  done: 'logged out',
})

export const suspend = acting({
  name: 'suspend',
  summary: 'Stop the session and keep the link',
  act: (access, name) => access.setOperatingMode(name, 'Suspended'),
  done: 'suspended',
})

export const resume = acting({
  name: 'resume',
  summary: 'Start a suspended session again',
  act: (access, name) => access.setOperatingMode(name, 'Running'),
  done: 'resumed',
})
