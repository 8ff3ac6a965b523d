import type { Cleanup } from '@warren/runtime/testing'

/**
 * Undoes what a test file has started, the last first: the hooks of node:test run in the order in which they were added, and so would stop
 * the database before its users.
 */
export function stackedCleanup(file: Cleanup): Cleanup {
  const steps: (() => void | Promise<void>)[] = []
  file.after(async () => {
    const errors: unknown[] = []
    for (let step = steps.pop(); step; step = steps.pop()) {
      try {
        await step()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length) throw new AggregateError(errors, 'clean-up failed')
  })
  return { after: (step) => void steps.push(step) }
}
