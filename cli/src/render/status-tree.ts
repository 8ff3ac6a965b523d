/** One instance for a person: what it is, and condition by condition what is wrong, since when, and what to do. */
import type { ConditionView, InstanceView } from '../access/port.ts'
import { adviceFor } from './advice.ts'
import { ago } from './duration.ts'
import { printable } from './printable.ts'
import type { Style } from './style.ts'

export type TreeOptions = {
  readonly now: Date
  readonly style: Style
  /** How the program is called, for the commands in advice. */
  readonly wa: string
  /** The flags that said where, for the same; with a space in front, or empty. */
  readonly here: string
}

const LABEL_COLUMNS = 11
const TYPE_COLUMNS = 11

export function statusTree(instance: InstanceView, { now, style, wa, here }: TreeOptions): string {
  const { name, namespace, displayName, account, conditions, lastDisconnect, pairing } = instance
  const row = (label: string, text: string | undefined) =>
    text === undefined ? [] : [`${style('bold', label.padEnd(LABEL_COLUMNS))}${text}`]
  const phone = account && `+${account.phone}${account.pushName ? ` (${printable(account.pushName)})` : ''}`
  const pod =
    instance.pod && `${instance.pod}${instance.epoch === undefined ? '' : `, epoch ${instance.epoch}`}`
  const title = `${namespace}/${name}${displayName && displayName !== name ? ` · ${printable(displayName)}` : ''}`
  return [
    style('bold', title),
    ...row('Phase', phaseText(instance, style)),
    ...row('Account', phone ?? 'not linked'),
    ...row('Org', instance.organization),
    ...row('Pod', pod),
    ...row('Pairing', pairing && `attempt ${pairing.attempt} of ${pairing.maxAttempts}`),
    ...row(
      'Last loss',
      lastDisconnect &&
        `${printable(lastDisconnect.reason)} (${lastDisconnect.code}), ${ago(lastDisconnect.at, now)} ago`,
    ),
    ...row('Age', ago(instance.createdAt, now)),
    ...row('Conditions', conditions.length === 0 ? 'none yet: the operator has not looked at it' : ''),
    ...conditions.flatMap((condition, index) =>
      branch(condition, index === conditions.length - 1, { instance, now, style, wa, here }),
    ),
  ]
    .map((line) => line.trimEnd())
    .join('\n')
}

/** Degraded is the one condition that is good when it is false. */
export function isGood({ type, status }: Pick<ConditionView, 'type' | 'status'>): boolean {
  return status === (type === 'Degraded' ? 'False' : 'True')
}

function branch(
  condition: ConditionView,
  last: boolean,
  given: TreeOptions & { instance: InstanceView },
): string[] {
  const { instance, now, style, wa, here } = given
  const good = isGood(condition)
  const unknown = condition.status === 'Unknown'
  const mark = good ? style('green', '✔') : unknown ? style('yellow', '?') : style('red', '✖')
  const since = style('dim', `for ${ago(condition.lastTransitionTime, now)}`)
  const lines = [
    `${last ? '└─' : '├─'} ${mark} ${condition.type.padEnd(TYPE_COLUMNS)}${condition.reason}  ${since}`,
  ]
  if (good) return lines
  const rail = last ? '   ' : '│  '
  const advice = adviceFor(condition, {
    ...{ wa, here, name: instance.name, namespace: instance.namespace },
    ...(instance.pod === undefined ? {} : { pod: instance.pod }),
  })
  if (condition.message) lines.push(`${rail}    ${printable(condition.message)}`)
  if (advice) lines.push(`${rail}    ${style('cyan', `→ ${advice}`)}`)
  return lines
}

function phaseText({ phase, conditions }: InstanceView, style: Style): string {
  const ready = conditions.some((condition) => condition.type === 'Ready' && isGood(condition))
  return style(ready ? 'green' : 'yellow', phase)
}
