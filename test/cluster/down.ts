/** `node test/cluster/down.ts`: ends the cluster of `up.ts` and removes all of it but the cache. */
import { stopCluster } from './support/cluster.ts'

await stopCluster()
