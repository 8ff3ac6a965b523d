/** Snapshots of a session's credentials: what there is, and going back to one. */
import { type ApiModule, bind } from '../../http/index.ts'
import { listSnapshots, restoreSnapshot } from './contract.ts'
import type { SnapshotService } from './service.ts'

export { createSnapshotService } from './service.ts'

export function createSnapshotModule(snapshots: SnapshotService): ApiModule {
  return {
    name: 'snapshots',
    routes: [
      bind(listSnapshots, ({ principal, params }) => snapshots.list(principal.organization, params.instance)),
      bind(restoreSnapshot, ({ principal, params }) =>
        snapshots.restore(principal.organization, params.instance, params.snapshot),
      ),
    ],
  }
}
