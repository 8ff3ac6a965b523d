// joi without its 3 MB while nothing is validated, which is nearly always: schemas are remembered as the calls that make them, and joi is
// read, and the schemas made, when a value comes. Both are held so weakly that the next garbage collection may take them.
import { readFileSync } from 'node:fs'

/** Calls that need the schema itself; all others make another one. */
const ENDS = new Set(['validate', 'validateAsync', 'describe', 'attempt', 'assert'])
const MAKE = Symbol('make')

type Callable = Record<string, ((...args: unknown[]) => unknown) | undefined>

function readJoi(): object {
  const module = { exports: {} }
  const text = readFileSync(new URL('./joi.cjs', import.meta.url), 'utf8')
  new Function('module', 'exports', 'require', text)(module, module.exports, require)
  return module.exports
}

function remembered(make: () => object): unknown {
  let held: WeakRef<object> | undefined
  const made = (): object => {
    let value = held?.deref()
    if (!value) {
      value = make()
      held = new WeakRef(value)
    }
    return value
  }
  return new Proxy(() => {}, {
    get(_, name) {
      if (name === MAKE) return made
      if (typeof name === 'symbol') return undefined
      const call = (args: unknown[]) => (made() as Callable)[name]?.(...args.map(real))
      if (ENDS.has(name)) return (...args: unknown[]) => call(args)
      return (...args: unknown[]) => remembered(() => call(args) as object)
    },
  })
}

/** The arguments of a call, in which remembered schemas become real ones. */
function real(value: unknown): unknown {
  if (typeof value === 'function') return (value as { [MAKE]?: () => object })[MAKE]?.() ?? value
  if (Array.isArray(value)) return value.map(real)
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, real(one)]))
}

export default remembered(readJoi)
