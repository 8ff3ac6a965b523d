/** `spec.protection` as the CRD has it. Its defaults are those of the session, so that `kubectl explain` and the pod agree. */
import { PROTECTION_BOUNDS, PROTECTION_DEFAULTS } from '../protection.ts'

const { limits, pacing, warmUp, circuitBreaker } = PROTECTION_DEFAULTS

const tier = (name: keyof typeof PROTECTION_BOUNDS, span: string) => ({
  type: 'integer',
  format: 'int32',
  description: `Messages in any ${span}.`,
  minimum: 1,
  maximum: PROTECTION_BOUNDS[name],
  default: limits[name],
})

const choice = (description: string, values: readonly string[], value: string) => ({
  type: 'string',
  description,
  enum: [...values],
  default: value,
})

export const protectionSpec = {
  type: 'object',
  description:
    'How the account is kept from being restricted or banned. Without it everything is on with these defaults, except with a simulated WhatsApp, where everything is off. A change restarts the session.',
  properties: {
    limits: {
      type: 'object',
      description: 'How many messages the account sends. What is over a limit waits and is shown as waiting.',
      default: {},
      properties: {
        mode: choice(
          'Unlimited counts nothing and holds nothing back.',
          ['Enforced', 'Unlimited'],
          limits.mode,
        ),
        perMinute: tier('perMinute', 'minute'),
        perHour: tier('perHour', 'hour'),
        perDay: tier('perDay', '24 hours'),
      },
    },
    pacing: choice(
      'Human types 60 to 100 ms a character and pauses 2 to 5 s between chats. HumanExceptReplies does not in chats that wrote within the last 15 minutes.',
      ['Human', 'HumanExceptReplies', 'None'],
      pacing,
    ),
    warmUp: choice(
      'Gradual begins a newly linked number at a tenth of the hourly and daily limits and doubles them every two days. None is for numbers that are in use already.',
      ['Gradual', 'None'],
      warmUp,
    ),
    circuitBreaker: choice(
      'What signals of risk lead to. Automatic slows, pauses and resumes by itself; Manual waits for a person after a pause; None only tells.',
      ['Automatic', 'Manual', 'None'],
      circuitBreaker,
    ),
    optOutWords: {
      type: 'array',
      description:
        'Whole messages that end marketing to their sender, besides STOP and its like in many languages.',
      maxItems: 50,
      items: { type: 'string', minLength: 1, maxLength: 100 },
    },
  },
}
