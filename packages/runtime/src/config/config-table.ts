import type { Description, ObjectSchema } from 'joi'

/** The variables of a schema as a Markdown table for the reference: name, what it takes, default, meaning. */
export function configTable(schema: ObjectSchema): string {
  const rows = Object.entries<Description>(schema.describe().keys ?? {}).map(([name, description]) => {
    const secret = description.metas?.some((meta: { secret?: boolean }) => meta.secret)
    const shownName = secret ? `\`${name}\` or \`${name}_FILE\`` : `\`${name}\``
    const meaning = (description.flags as { description?: string } | undefined)?.description ?? ''
    return `| ${[shownName, takes(description), defaultOf(description), meaning].map(cell).join(' | ')} |`
  })
  return ['| Variable | Value | Default | Meaning |', '|---|---|---|---|', ...rows, ''].join('\n')
}

type Rule = {
  name: string
  args?: { limit?: number | { ref: { path: string[] } }; options?: { scheme?: string[] } }
}

const LIMITS: Readonly<Record<string, string>> = { min: 'at least', max: 'at most', less: 'less than' }

function takes(description: Description): string {
  const flags = (description.flags ?? {}) as { only?: boolean }
  if (flags.only) return (description.allow ?? []).map((value: unknown) => `\`${value}\``).join(', ')
  const limits = ((description.rules ?? []) as Rule[]).flatMap(({ name, args }) => {
    if (name === 'integer') return ['whole']
    if (name === 'port') return ['port']
    if (name === 'uri') return [`URI${args?.options?.scheme ? ` (${args.options.scheme.join(', ')})` : ''}`]
    if (args?.limit === undefined) return []
    const limit = typeof args.limit === 'number' ? args.limit : `\`${args.limit.ref.path.join('.')}\``
    return [`${LIMITS[name] ?? name} ${limit}`]
  })
  return [description.type, ...limits].join(', ')
}

function defaultOf(description: Description): string {
  const flags = (description.flags ?? {}) as { default?: unknown; presence?: string }
  if (flags.presence === 'required') return 'required'
  if (flags.default === undefined) return 'none'
  if (flags.default === '') return 'empty'
  return typeof flags.default === 'object' ? 'computed' : `\`${flags.default}\``
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
