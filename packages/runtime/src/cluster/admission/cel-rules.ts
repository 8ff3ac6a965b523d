import { Environment } from '@marcbachmann/cel-js'
import type { FieldError } from '@warren/contracts'

/** A node of a structural schema, as far as rules are concerned. */
type SchemaNode = {
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message: string }[]
}

type Rule = {
  readonly path: readonly string[]
  readonly message: string
  /** A rule that names `oldSelf` is about changes and does not run on creation. */
  readonly aboutChange: boolean
  readonly holds: (context: Record<string, unknown>) => unknown
}

/**
 * Compiles all `x-kubernetes-validations` of a schema, to be evaluated as the Kubernetes API server does: a rule sees `self` and, when
 * both the old and the new object have its node, `oldSelf`.
 */
export function createCelRules(schema: object) {
  const environment = new Environment().registerVariable('self', 'dyn').registerVariable('oldSelf', 'dyn')
  const rules: Rule[] = []
  collect(schema as SchemaNode, [])

  function collect(node: SchemaNode, path: readonly string[]): void {
    for (const { rule, message } of node['x-kubernetes-validations'] ?? [])
      rules.push({ path, message, aboutChange: /\boldSelf\b/.test(rule), holds: environment.parse(rule) })
    for (const [name, child] of Object.entries(node.properties ?? {})) collect(child, [...path, name])
  }

  /** The broken rules. `before` is absent on creation. */
  return function check(after: object, before?: object): FieldError[] {
    return rules.flatMap((rule) => {
      const self = at(after, rule.path)
      const oldSelf = before && at(before, rule.path)
      if (self === undefined || (rule.aboutChange && oldSelf === undefined)) return []
      const broken = !isTrue(rule, { self, ...(rule.aboutChange ? { oldSelf } : {}) })
      return broken ? [{ path: rule.path.join('.'), message: rule.message }] : []
    })
  }
}

/** A rule that cannot be evaluated is broken, as in Kubernetes. */
function isTrue(rule: Rule, context: Record<string, unknown>): boolean {
  try {
    return rule.holds(context) === true
  } catch {
    return false
  }
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (node, name) =>
      typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[name] : undefined,
    value,
  )
}
