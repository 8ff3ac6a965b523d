/**
 * What is refused wherever it stands in a request: keys that could act as a query operator or reach a prototype, NUL characters, and
 * structures so deep or wide that looking at them would hold up everybody else.
 */
import { WarrenError } from '@warren/contracts'
import type { RequestHandler } from 'express'

const PROTOTYPE_KEYS = new Set(['__proto__', 'prototype', 'constructor'])

const MAX_DEPTH = 32
/** Values of one body; the largest that a route takes has a few hundred. */
const MAX_NODES = 10_000
const SHOWN_PATH = 200

export type Hostile = { readonly path: string; readonly message: string }

/** Where the first hostile thing in parsed JSON is, and what is wrong with it; undefined when there is none. */
export function findHostile(value: unknown, root: string): Hostile | undefined {
  let nodes = 0

  function look(here: unknown, path: string, depth: number): Hostile | undefined {
    if (typeof here === 'string' && here.includes('\0')) return hostile(path, 'must not contain NUL')
    if (typeof here !== 'object' || here === null) return undefined
    if (depth > MAX_DEPTH) return hostile(root, `must not be nested more than ${MAX_DEPTH} levels deep`)
    for (const key of Object.keys(here)) {
      if (++nodes > MAX_NODES) return hostile(root, `must not hold more than ${MAX_NODES} values`)
      const below = `${path}.${key}`
      if (key.startsWith('$') || key.includes('\0') || PROTOTYPE_KEYS.has(key))
        return hostile(below, 'is not an allowed name')
      const found = look((here as Record<string, unknown>)[key], below, depth + 1)
      if (found) return found
    }
    return undefined
  }

  return look(value, root, 1)
}

function hostile(path: string, rule: string): Hostile {
  const shown = path.slice(0, SHOWN_PATH)
  return { path: shown, message: `"${shown}" ${rule}` }
}

/** Runs after the body was parsed and before anything else looks at it. */
export const refuseHostile: RequestHandler = (req, _res, next) => {
  const found = findHostile(req.query, 'query') ?? findHostile(req.body, 'body')
  if (!found) return next()
  next(new WarrenError('validation_failed', found.message, { details: { fields: [found] } }))
}
