import { EVENT_TYPES } from '@warren/contracts'
import type { Command } from '../command.ts'
import { NAME } from '../command.ts'
import { EXIT, usageError } from '../errors.ts'
import { awaySentence, follow } from '../follow.ts'
import { eventLine } from '../render/event-line.ts'

export const events: Command = {
  name: 'events',
  operands: [NAME],
  flags: {
    follow: {
      type: 'boolean',
      short: 'f',
      description: 'As always: events are shown as they come, until Ctrl-C.',
    },
    type: {
      type: 'string',
      value: 'TYPE,…',
      description: 'Only these; a part such as message. means all of them.',
    },
    output: {
      type: 'string',
      short: 'o',
      value: 'FORMAT',
      choices: ['json'],
      description: 'The whole envelope (CloudEvents), one a line.',
    },
  },
  reaches: true,
  summary: 'What happens on the account, live',
  examples: ['{wa} events alice -f', '{wa} events alice --type message. -o json | jq .data'],
  async run(call) {
    const wanted = typesOf(call.text('type'))
    const { io, style } = call
    const json = call.text('output') === 'json'
    const columns = io.stdout.isTTY ? io.stdout.columns : undefined
    const access = await call.open()
    let away = false
    const onAway = (reason: Error) => {
      if (!away) call.note(`${awaySentence(reason)} Waiting …`)
      away = true
    }
    for await (const one of follow(access, call.operand('NAME'), {
      signal: io.signal,
      clock: io.clock,
      onAway,
    })) {
      if (one === 'open') {
        if (away) call.note('Listening again.')
        away = false
      } else if (wanted(one.event.type)) {
        call.print(json ? JSON.stringify(one.event) : eventLine(one.event, { style, columns }))
      }
    }
    return EXIT.ok
  },
}

/** @throws CliError for a type that no event has */
function typesOf(text: string | undefined): (type: string) => boolean {
  if (text === undefined) return () => true
  const prefixes = text.split(',')
  const fits = (type: string, prefix: string) =>
    type === prefix || (prefix.endsWith('.') && type.startsWith(prefix))
  const unknown = prefixes.find((prefix) => !EVENT_TYPES.some((type) => fits(type, prefix)))
  if (unknown !== undefined)
    throw usageError(`There are no events of type ${unknown}.`, `There are: ${EVENT_TYPES.join(', ')}`)
  return (type) => prefixes.some((prefix) => fits(type, prefix))
}
