export { createLifecycle, type Lifecycle, type Resource } from './lifecycle.ts'
export { type ProcessLike, type RunOptions, runUntilSignal } from './run-until-signal.ts'
