/** Keys that could act as a query operator or reach a prototype are refused wherever they stand. */
import { WarrenError } from '@warren/contracts'
import type { RequestHandler } from 'express'

const PROTOTYPE_KEYS = new Set(['__proto__', 'prototype', 'constructor'])

/** The path of the first hostile key in parsed JSON; undefined when there is none. */
export function findHostileKey(value: unknown, path: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  for (const key of Object.keys(value)) {
    const here = `${path}.${key}`
    if (key.startsWith('$') || key.includes('\0') || PROTOTYPE_KEYS.has(key)) return here
    const below = findHostileKey((value as Record<string, unknown>)[key], here)
    if (below) return below
  }
  return undefined
}

/** Runs after the body was parsed and before anything else looks at it. */
export const refuseHostileKeys: RequestHandler = (req, _res, next) => {
  const path = findHostileKey(req.query, 'query') ?? findHostileKey(req.body, 'body')
  if (!path) return next()
  const message = `"${path}" is not an allowed name`
  next(new WarrenError('validation_failed', message, { details: { fields: [{ path, message }] } }))
}
