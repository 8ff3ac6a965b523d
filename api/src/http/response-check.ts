/** Whether an answer is what its contract promises. */
import { WarrenError } from '@warren/contracts'
import type { RouteContract } from './contract.ts'

/** @throws WarrenError `internal` naming what differs */
export function checkResponse({ id, success }: RouteContract, body: unknown): void {
  if (!success.schema) {
    if (body !== undefined)
      throw new WarrenError('internal', `${id} answered with a body that it does not declare`)
    return
  }
  // As it will travel: dates that are no text yet, and undefined fields, would be mistakes.
  const { error } = success.schema.required().validate(body, { convert: false, abortEarly: false })
  if (error) throw new WarrenError('internal', `${id} answered with ${error.message}`)
}
