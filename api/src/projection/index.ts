/** From the journal to what REST shows. `operations.ts` holds the meaning of each entry, everything else is transport. */
export { createApply } from './apply.ts'
export { type CursorRepo, createCursorRepo } from './cursors.ts'
export { createParkedEntries } from './parked.ts'
export { createProjector, type Projector } from './projector.ts'
